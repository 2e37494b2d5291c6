"""Options that several commands share, and how they become settings."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from reconciler.clients.forge.interface import ForgeAccess, ForgeKind
from reconciler.clients.source.interface import GitAccess
from reconciler.settings import ClusterSettings, Settings, parse_duration

Function = TypeVar("Function", bound=Callable[..., Any])

# Seconds; one that is over before it can be renewed would stop each run at its first write.
_LEAST_LEASE = 1

directory_option = click.option(
    "-C",
    "--directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    show_default="current folder",
    help="The GitOps repository's work tree.",
)


def output_option(*formats: str) -> Callable[[Function], Function]:
    """`-o FORMAT`; the first is the default."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="Output format.",
    )


def connection_options(function: Function) -> Function:
    """Which API server, and with whose rights."""
    for option in (
        click.option("--context", help="Context of the kubeconfig.", envvar="MODELSYNC_CONTEXT"),
        click.option(
            "--kubeconfig",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Kubeconfig file (default: KUBECONFIG, the usual file, or the Pod's service account).",
        ),
    ):
        function = option(function)
    return function


def cluster_options(function: Function) -> Function:
    """Which cluster, and with whose rights."""
    name = click.option(
        "--cluster",
        default="",
        envvar="MODELSYNC_CLUSTER",
        help="This cluster's name under clusters: in environment.yaml.",
    )
    return name(connection_options(function))


def git_options(function: Function) -> Function:
    """Which revision, and how git is reached."""
    path = click.Path(dir_okay=False, path_type=Path)
    for option in (
        click.option(
            "--git-cache",
            type=click.Path(file_okay=False, path_type=Path),
            envvar="MODELSYNC_GIT_CACHE",
            help="Folder that keeps what was fetched between runs.",
        ),
        click.option("--git-proxy", envvar="MODELSYNC_GIT_PROXY", help="Proxy for git over HTTP(S)."),
        click.option(
            "--git-known-hosts",
            type=path,
            envvar="MODELSYNC_GIT_KNOWN_HOSTS",
            help="SSH host keys that are trusted.",
        ),
        click.option("--git-key-file", type=path, envvar="MODELSYNC_GIT_KEY_FILE", help="SSH deploy key."),
        click.option(
            "--git-ca-file", type=path, envvar="MODELSYNC_GIT_CA_FILE", help="Private CA for HTTPS."
        ),
        click.option(
            "--git-username",
            default="x-access-token",
            show_default=True,
            envvar="MODELSYNC_GIT_USERNAME",
            help="User name that goes with the token.",
        ),
        click.option(
            "--git-token-file", type=path, envvar="MODELSYNC_GIT_TOKEN_FILE", help="File with an HTTPS token."
        ),
        click.option(
            "--ref", default="main", show_default=True, envvar="MODELSYNC_REF", help="Branch, tag or commit."
        ),
        click.option(
            "--repository",
            default="",
            envvar="MODELSYNC_REPOSITORY",
            help="Path or URL of the repository (default: that of the work tree).",
        ),
    ):
        function = option(function)
    return function


def forge_options(function: Function) -> Function:
    """Which forge, and with whose rights; what is left out follows from the remote and usual variables."""
    path = click.Path(dir_okay=False, path_type=Path)
    for option in (
        click.option(
            "--forge-ca-file", type=path, envvar="MODELSYNC_FORGE_CA_FILE", help="Private CA of the forge."
        ),
        click.option(
            "--forge-token-file",
            type=path,
            envvar="MODELSYNC_FORGE_TOKEN_FILE",
            help="File with the forge's token "
            "(default: GH_TOKEN, GITHUB_TOKEN, GH_ENTERPRISE_TOKEN or GITEA_TOKEN).",
        ),
        click.option(
            "--forge-url",
            default="",
            envvar="MODELSYNC_FORGE_URL",
            metavar="URL",
            help="Where people open the forge (default: the remote's host).",
        ),
        click.option(
            "--forge",
            "forge_kind",
            type=click.Choice([kind.value for kind in ForgeKind]),
            envvar="MODELSYNC_FORGE",
            help="Whose API the forge speaks (default: as the remote's host tells). Forgejo speaks Gitea's.",
        ),
    ):
        function = option(function)
    return function


def trust_options(function: Function) -> Function:
    """Whose commits are taken, and for how long old ones stand for a repository that cannot be reached."""
    for option in (
        click.option(
            "--max-tree-age",
            default="24h",
            show_default=True,
            envvar="MODELSYNC_MAX_TREE_AGE",
            metavar="TIME",
            help="How long what --git-cache holds heals drift while the repository cannot be reached.",
        ),
        click.option(
            "--allowed-signers",
            type=click.Path(dir_okay=False, path_type=Path),
            envvar="MODELSYNC_ALLOWED_SIGNERS",
            help="File of SSH keys that may sign (default: .modelsync/allowed-signers as applied last).",
        ),
        click.option(
            "--verify-commits",
            type=click.Choice(["off", "head", "range"]),
            default="off",
            show_default=True,
            envvar="MODELSYNC_VERIFY_COMMITS",
            help="Which commits must be signed: the last one, or all since the last apply.",
        ),
    ):
        function = option(function)
    return function


def with_settings(function: Callable[..., Any]) -> Callable[..., Any]:
    """Collects the options above into one `settings` argument."""

    @wraps(function)
    def collect(
        directory: Path = Path(),
        repository: str = "",
        ref: str = "main",
        git_token_file: Path | None = None,
        git_username: str = "x-access-token",
        git_ca_file: Path | None = None,
        git_key_file: Path | None = None,
        git_known_hosts: Path | None = None,
        git_proxy: str | None = None,
        git_cache: Path | None = None,
        forge_kind: str | None = None,
        forge_url: str = "",
        forge_token_file: Path | None = None,
        forge_ca_file: Path | None = None,
        cluster: str = "",
        kubeconfig: Path | None = None,
        context: str | None = None,
        wait: str = "0s",
        lease_duration: str = "15s",
        lease_wait: str = "30s",
        verify_commits: str = "off",
        allowed_signers: Path | None = None,
        max_tree_age: str = "24h",
        **rest: Any,
    ) -> Any:
        settings = Settings(
            directory=directory,
            repository=repository,
            ref=ref,
            git=GitAccess(
                token_file=git_token_file,
                username=git_username,
                ca_file=git_ca_file,
                key_file=git_key_file,
                known_hosts_file=git_known_hosts,
                proxy=git_proxy,
                cache=git_cache,
            ),
            forge=ForgeAccess(
                kind=ForgeKind(forge_kind) if forge_kind else None,
                address=forge_url,
                token_file=forge_token_file,
                ca_file=forge_ca_file,
            ),
            cluster=ClusterSettings(name=cluster, kubeconfig=kubeconfig, context=context),
            wait=parse_duration(wait, "--wait"),
            lease_duration=parse_duration(lease_duration, "--lease-duration", least=_LEAST_LEASE),
            lease_wait=parse_duration(lease_wait, "--lease-wait"),
            verify_commits=verify_commits,
            allowed_signers=allowed_signers,
            max_tree_age=parse_duration(max_tree_age, "--max-tree-age"),
        )
        return function(settings=settings, **rest)

    return collect
