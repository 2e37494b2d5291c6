"""Keys and certificates of one cluster, made on the spot and thrown away with it."""

from __future__ import annotations

import datetime
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = datetime.timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """The files of a private key and its certificate, both PEM."""

    key: Path
    certificate: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """What the servers and the administrator of one cluster present to each other."""

    ca: Path
    server: KeyPair  # for 127.0.0.1 and localhost; the API server and etcd serve with it
    etcd_client: KeyPair
    admin: KeyPair  # user `admin` in group `system:masters`
    service_account_key: Path  # signs and checks service-account tokens


def make_certificates(folder: Path) -> Certificates:
    """Write all keys and certificates of a cluster into `folder`; private keys for the owner's eyes only."""
    made = locate_certificates(folder)
    authority = _Authority(made.ca)
    authority.issue("server", made.server, server=True)
    authority.issue("etcd-client", made.etcd_client)
    authority.issue("admin", made.admin, group="system:masters")
    account_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    _write_private(made.service_account_key, account_key)
    return made


def locate_certificates(folder: Path) -> Certificates:
    """Where the keys and certificates in `folder` are."""

    def pair(name: str) -> KeyPair:
        return KeyPair(key=folder / f"{name}.key", certificate=folder / f"{name}.crt")

    return Certificates(
        ca=folder / "ca.crt",
        server=pair("server"),
        etcd_client=pair("etcd-client"),
        admin=pair("admin"),
        service_account_key=folder / "service-account.key",
    )


class _Authority:
    """A certificate authority whose own key never leaves the process."""

    def __init__(self, file: Path) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("modelsync local cluster CA")
        certificate = (
            _builder(self._name, self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, pair: KeyPair, *, group: str = "", server: bool = False) -> None:
        """Write a key and a certificate for a client `name` in `group`, and if asked a server on loopback."""
        key = ec.generate_private_key(ec.SECP256R1())
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH]
        if server:
            uses.append(ExtendedKeyUsageOID.SERVER_AUTH)
        builder = (
            _builder(_name(name, group), self._name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        )
        if server:
            names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        _write_private(pair.key, key)
        pair.certificate.write_bytes(
            builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )


def _name(common_name: str, organisation: str = "") -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organisation:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(attributes)


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        # A clock that was just set back must not make the certificate one of the future.
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _write_private(file: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    content = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
        handle.write(content)
