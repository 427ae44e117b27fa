from django.apps import AppConfig


class BlobsConfig(AppConfig):
    """The content-addressed store."""

    name = "portal.blobs"
