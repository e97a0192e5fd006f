"""Runs inside django-helpdesk's own environment: `prepare FOLDER` makes a database, `import FOLDER` imports what lies in `mails`.

Knows nothing of our product. Everything is as django-helpdesk comes, except where mail is read from and that nothing is sent.
"""

import json
import sys
import time
from pathlib import Path
from types import ModuleType

_URLS = "urls_of_the_benchmark"


def main() -> None:
    """Do what the first word says."""
    folder = Path(sys.argv[2])
    _configure(folder)
    if sys.argv[1] == "prepare":
        _prepare(folder)
    else:
        _import()


def _configure(folder: Path) -> None:
    import django  # noqa: PLC0415 this environment's own
    from django.conf import settings  # noqa: PLC0415

    settings.configure(
        SECRET_KEY="benchmark",  # noqa: S106 nothing to protect
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "helpdesk.sqlite")}},
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.sites",
            "django.contrib.humanize",
            "django.contrib.admin",
            "django.contrib.messages",
            "rest_framework",
            "helpdesk",
        ],
        SITE_ID=1,
        USE_TZ=True,
        EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend",
        DEFAULT_FROM_EMAIL="support@firma.example",
        MEDIA_ROOT=str(folder / "media"),
        ROOT_URLCONF=_URLS,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        HELPDESK_TEAMS_MODE_ENABLED=False,
        HELPDESK_TEAMS_MODEL="auth.Group",
        HELPDESK_TEAMS_MIGRATION_DEPENDENCIES=[("auth", "0001_initial")],
        HELPDESK_KANBAN_BOARD_ENABLED=False,
        LOGGING_CONFIG=None,
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    )
    django.setup()
    from django.urls import include, path  # noqa: PLC0415 once the applications are known

    urls = ModuleType(_URLS)
    urls.urlpatterns = [path("helpdesk/", include("helpdesk.urls", namespace="helpdesk"))]  # type: ignore[attr-defined]
    sys.modules[_URLS] = urls


def _prepare(folder: Path) -> None:
    from django.core.management import call_command  # noqa: PLC0415
    from helpdesk.models import Queue  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    call_command("loaddata", "emailtemplate.json", verbosity=0)
    Queue.objects.create(
        title="Support",
        slug="support",
        email_address="support@firma.example",
        allow_email_submission=True,
        email_box_type="local",
        email_box_local_dir=str(folder / "mails"),
        email_box_interval=0,
        logging_type="none",
    )


def _import() -> None:
    from helpdesk.email import process_email  # noqa: PLC0415
    from helpdesk.models import Ticket  # noqa: PLC0415

    before = Ticket.objects.count()
    begun = time.perf_counter()
    process_email(quiet=True)
    seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": seconds, "tickets": Ticket.objects.count() - before}))


if __name__ == "__main__":
    main()
