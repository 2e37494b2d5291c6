# syntax=docker/dockerfile:1

# The image that the CronJob of each target runs. Build it in the root of the checkout:
#   docker build -t registry.example.com/ml/modelsync:0.1.0 .
# A release names the base image by digest, so that the same commit gives the same image:
#   docker build --build-arg PYTHON_IMAGE=python:3.12-slim-bookworm@sha256:… …
ARG PYTHON_IMAGE=python:3.12-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements/bootstrap.txt requirements/runtime.txt requirements/
RUN python -m venv /tools && /tools/bin/pip install --quiet --require-hashes -r requirements/bootstrap.txt
# Wheels only: what is installed is what was locked, and no package runs code of its own here.
RUN python -m venv /opt/modelsync --without-pip \
 && /tools/bin/uv pip sync --python /opt/modelsync/bin/python --require-hashes --only-binary :all: \
    --compile-bytecode requirements/runtime.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY reconciler reconciler
# The build tools are the locked ones of /tools.
RUN /tools/bin/pip wheel --quiet --no-deps --no-build-isolation --no-index --wheel-dir /wheels . \
 && /tools/bin/uv pip install --python /opt/modelsync/bin/python --no-deps --no-index --compile-bytecode /wheels/*.whl

FROM ${PYTHON_IMAGE}
# git and ssh fetch the repository of declarations; ssh-keygen checks signatures of commits.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates git openssh-client \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/modelsync /opt/modelsync
COPY LICENSE NOTICE /usr/share/doc/modelsync/
# Runs with a read-only root file system: what it writes goes to HOME and TMPDIR, which the Pod mounts as emptyDirs.
ENV PATH=/opt/modelsync/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/home/modelsync \
    TMPDIR=/tmp
# ssh wants to find its user by number.
RUN useradd --uid 65532 --user-group --home-dir /home/modelsync --create-home --shell /usr/sbin/nologin modelsync
USER 65532:65532
WORKDIR /home/modelsync
ENTRYPOINT ["modelsync"]
CMD ["--help"]
