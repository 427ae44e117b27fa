from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Users, teams, dated grants, tokens."""

    name = "portal.accounts"
