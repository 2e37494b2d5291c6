"""Keys and certificates of one cluster, made on the spot and thrown away with it."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from scripts.local_cluster.errors import ClusterError

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
    ca_key: Path  # issues certificates to further users and servers while the cluster lives
    server: KeyPair  # for 127.0.0.1 and localhost; the API server and etcd serve with it
    etcd_client: KeyPair
    admin: KeyPair  # user `admin` in group `system:masters`
    service_account_key: Path  # signs and checks service-account tokens


def make_certificates(folder: Path) -> Certificates:
    """Write all keys and certificates of a cluster into `folder`; private keys for the owner's eyes only."""
    made = locate_certificates(folder)
    _make_authority(made)
    authority = _Authority(made)
    authority.issue("server", made.server, server=True)
    authority.issue("etcd-client", made.etcd_client)
    authority.issue("admin", made.admin, groups=("system:masters",))
    account_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    _write_private(made.service_account_key, account_key)
    return made


def locate_certificates(folder: Path) -> Certificates:
    """Where the keys and certificates in `folder` are."""
    return Certificates(
        ca=folder / "ca.crt",
        ca_key=folder / "ca.key",
        server=_pair(folder, "server"),
        etcd_client=_pair(folder, "etcd-client"),
        admin=_pair(folder, "admin"),
        service_account_key=folder / "service-account.key",
    )


def issue_user(certificates: Certificates, user: str, groups: Sequence[str] = ()) -> KeyPair:
    """A client certificate for a user in groups, issued at the first call; the same files at every other."""
    name = hashlib.sha256(json.dumps([user, sorted(groups)]).encode()).hexdigest()[:16]
    pair = _pair(certificates.ca.parent, f"user-{name}")
    if not pair.certificate.exists():
        _Authority(certificates).issue(user, pair, groups=groups)
    return pair


def _pair(folder: Path, name: str) -> KeyPair:
    return KeyPair(key=folder / f"{name}.key", certificate=folder / f"{name}.crt")


def _make_authority(made: Certificates) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(_AUTHORITY, _AUTHORITY, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    made.ca.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    _write_private(made.ca_key, key)


class _Authority:
    """The certificate authority of one cluster."""

    def __init__(self, made: Certificates) -> None:
        key = serialization.load_pem_private_key(made.ca_key.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ClusterError(f"{made.ca_key}: not the key that this cluster was made with")
        self._key = key

    def issue(self, name: str, pair: KeyPair, *, groups: Sequence[str] = (), server: bool = False) -> None:
        """Write a key and a certificate for a client `name` in `groups`; `server`: on loopback, too."""
        key = ec.generate_private_key(ec.SECP256R1())
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH]
        if server:
            uses.append(ExtendedKeyUsageOID.SERVER_AUTH)
        builder = (
            _builder(_name(name, groups), _AUTHORITY, key.public_key())
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


def _name(common_name: str, organisations: Sequence[str] = ()) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            # Kubernetes takes each organisation for a group of the user.
            *(x509.NameAttribute(NameOID.ORGANIZATION_NAME, each) for each in organisations),
        ]
    )


_AUTHORITY = _name("modelsync local cluster CA")


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
