"""The server speaks the protocol.

What it checks
    After all layers, `serving.protocol` is one that `serving.server` speaks: mlflow, sklearn and xgboost
    speak v2 and seldon, tensorflow speaks tensorflow and seldon, triton and huggingface speak v2. A custom
    server may speak any.

Why
    Seldon Core refuses some of the other pairs and accepts the rest without ever starting a server.

Example
    serving: {server: sklearn, protocol: tensorflow}

Fix
    Choose a protocol that the server speaks, or the server that loads the model and speaks the protocol.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.policy.servers import fitting_protocols
from reconciler.policy.wording import join_words
from reconciler.state.findings import Finding


def check(context: Context) -> Iterator[Finding]:
    for deployment in context.served:
        for serving, _ in deployment.distinct_containers():
            server, protocol = serving.serving.server, serving.serving.protocol
            if server is None or protocol is None or protocol in fitting_protocols(server):
                continue
            spoken = join_words(fitting_protocols(server))
            choice = join_words(fitting_protocols(server), "or")
            place = deployment.say_origin(serving, "server")
            yield POLICY.finding(
                deployment.place(serving, "protocol", "server"),
                f"{deployment.id}: the {server} server{place} does not speak "
                f"{protocol}{deployment.say_origin(serving, 'protocol')}; it speaks {spoken}.",
                f"Set serving.protocol to {choice}, or choose another server.",
            )


POLICY = Policy(id="protocol-fits-server", documentation=__doc__, check=check)
