"""The URL names that the frame needs, without the pages behind them: this app lies below the pages."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from portal.ui.navigation import ENTRIES


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


urlpatterns = [path(entry.covers[0], empty, name=entry.view) for entry in ENTRIES]
urlpatterns += [
    path("account", empty, name="own_account"),
    path("search", empty, name="search"),
    path("keyboard", empty, name="keyboard"),
    path("views", empty, name="view_save"),
    path("views/<int:pk>/delete", empty, name="view_delete"),
    path("accounts/login/", empty, name="account_login"),
    path("accounts/logout/", empty, name="account_logout"),
]
