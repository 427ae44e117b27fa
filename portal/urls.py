"""The doors, by prefix."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("portal.accounts.urls")),
    path("api/", include("portal.api.urls")),
    path("", include("portal.pages.urls")),
]
handler400 = "portal.pages.errors.bad_request"
handler403 = "portal.pages.errors.forbidden"
handler404 = "portal.pages.errors.not_found"
handler500 = "portal.pages.errors.server_error"
