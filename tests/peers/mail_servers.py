"""The two mail servers of the little world: the company's and its customers' provider."""

from tests.needs import program
from tests.peers.places import AGENTS, CUSTOMERS, FORWARDED, HOSTNAME, LOCAL, LOOPING, NOBODY, PASSWORD, REFUSED, Places
from tests.peers.postfix import Postfix, Service
from tests.peers.programs import run


def make_company(places: Places) -> Postfix:
    """firma.test: MX, once more with SRS, submission for the agents and for the gateway."""
    return Postfix(
        folder=places.folder / "firma",
        hostname="mail.firma.test",
        services=_company_services(places),
        settings=_company_settings(places),
        sasl=f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\nsasldb_path: {places.accounts}\n",
        maps=_company_maps(places),
    )


def _company_services(places: Places) -> tuple[Service, ...]:
    ports = places.ports
    submission = (
        "-o syslog_name=submission",
        "-o smtpd_tls_security_level=encrypt",
        "-o smtpd_sasl_auth_enable=yes",
        "-o smtpd_recipient_restrictions=$submission_restrictions",
    )
    return (
        Service(name=str(ports.company)),
        Service(name=str(ports.company_rewriting), settings=("-o cleanup_service_name=rewriting",)),
        Service(name=str(ports.submission), settings=(*submission, f"-o smtpd_milters=inet:127.0.0.1:{ports.signing}")),
        Service(name=str(ports.submission_unsigned), settings=submission),
        Service(
            name="vorn",
            kind="unix",
            command="smtp",
            is_private=True,
            settings=("-o smtp_send_xforward_command=yes",),
        ),
        Service(
            name="rohr",
            kind="unix",
            command="pipe",
            is_private=True,
            unprivileged="n",
            settings=(
                f"flags=F user={NOBODY} argv={places.command} inject --socket {places.inject_socket}",
                "  --to ${original_recipient} --sender ${sender}",
            ),
        ),
        Service(
            name="rewriting",
            kind="unix",
            command="cleanup",
            most="0",
            settings=(
                f"-o sender_canonical_maps=tcp:127.0.0.1:{ports.rewriting}",
                "-o sender_canonical_classes=envelope_sender",
            ),
        ),
    )


def _company_settings(places: Places) -> dict[str, str]:
    maps = f"texthash:{places.folder}/firma/etc"
    return {
        "virtual_mailbox_domains": "firma.test",
        "virtual_mailbox_maps": f"{maps}/mailboxes",
        "virtual_alias_maps": f"{maps}/aliases",
        "transport_maps": f"{maps}/transport",
        "relay_domains": HOSTNAME,
        "recipient_canonical_maps": f"tcp:127.0.0.1:{places.ports.rewriting_back}",
        "recipient_canonical_classes": "envelope_recipient,header_recipient",
        "smtpd_authorized_xclient_hosts": "127.0.0.0/8",
        "smtpd_relay_restrictions": "permit_sasl_authenticated, reject_unauth_destination",
        "submission_restrictions": (f"check_recipient_access {maps}/refused, permit_sasl_authenticated, reject"),
        "smtpd_tls_cert_file": str(places.certificates.chain),
        "smtpd_tls_key_file": str(places.certificates.key),
        "smtpd_tls_auth_only": "yes",
        "smtp_tls_security_level": "may",
        "smtpd_sasl_type": "cyrus",
        "smtpd_sasl_path": "smtpd",
        "smtpd_sasl_local_domain": "firma.test",
        "notify_classes": "",
        "smtputf8_autodetect_classes": "all",  # swaks cannot say SMTPUTF8
    }


def _company_maps(places: Places) -> dict[str, dict[str, str]]:
    ports = places.ports
    own = [f"{key}@firma.test" for key in (*AGENTS, *LOCAL)]
    intake = {f"{name}@firma.test": f"{name}-firma@{HOSTNAME}" for name in FORWARDED}
    intake["veraltet@firma.test"] = f"abgeschafft@{HOSTNAME}"
    return {
        "mailboxes": {address: address.partition("@")[0] + "/" for address in own},
        "aliases": intake,
        "transport": {
            HOSTNAME: f"smtp:[127.0.0.1]:{ports.gateway}",
            "kunde.test": f"smtp:[127.0.0.1]:{ports.provider}",
            "lokal@firma.test": f"lmtp:unix:{places.lmtp_socket}",
            "vorn@firma.test": f"vorn:[127.0.0.1]:{ports.gateway_behind_front}",
            "rohr@firma.test": "rohr:",
            "rohrende@firma.test": "rohr:",
        },
        "refused": {REFUSED: "550 5.7.1 We do not send there"},
    }


def make_provider(places: Places) -> Postfix:
    """kunde.test: where customers have their mailboxes and hand in their mail."""
    ports, folder = places.ports, places.folder / "kunde"
    return Postfix(
        folder=folder,
        hostname="mail.kunde.test",
        services=(
            Service(name=str(ports.provider)),
            Service(
                name=str(ports.provider_submission),
                settings=(
                    "-o mynetworks=127.0.0.0/8",
                    "-o smtpd_relay_restrictions=permit_mynetworks,reject",
                    f"-o smtpd_milters=inet:127.0.0.1:{ports.signing}",
                ),
            ),
        ),
        settings={
            "virtual_mailbox_domains": "kunde.test",
            "virtual_alias_maps": f"texthash:{folder}/etc/aliases",
            "virtual_mailbox_maps": f"texthash:{folder}/etc/mailboxes",
            "transport_maps": f"texthash:{folder}/etc/transport",
            "smtpd_relay_restrictions": "reject_unauth_destination",
        },
        maps={
            "mailboxes": {f"{name}@kunde.test": f"{name}/" for name in CUSTOMERS},
            "aliases": {LOOPING: "support@firma.test"},
            "transport": {"firma.test": f"smtp:[127.0.0.1]:{ports.company}"},
        },
    )


def make_accounts(places: Places) -> None:
    """Make the accounts of the submission service (a Cyrus SASL database)."""
    for user in ("gw", *AGENTS):
        command = [program("saslpasswd2"), "-p", "-c", "-f", str(places.accounts), "-u", "firma.test", user]
        run(command, content=PASSWORD.encode() + b"\n")
    run(["chown", "postfix", str(places.accounts)])
