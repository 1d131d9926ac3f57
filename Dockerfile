# straykey as one static binary on an empty base, for the architecture that is asked for:
#
#   docker build -t straykey .
#   docker run --rm -v "$PWD:/repo:ro" straykey git
#
# `--target ci` makes an image with a shell and git besides, as CI systems need one.

# It compiles on the machine that builds, whatever it builds for: all of straykey is Rust, and rust-lld links it.
FROM --platform=$BUILDPLATFORM rust:1.95-slim AS build
ARG TARGETARCH
ENV CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER=rust-lld \
    CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER=rust-lld
WORKDIR /straykey
COPY . .
RUN case "$TARGETARCH" in \
      amd64) target=x86_64-unknown-linux-musl ;; \
      arm64) target=aarch64-unknown-linux-musl ;; \
      *) echo "there is no build for \`$TARGETARCH\`" >&2 && exit 1 ;; \
    esac && \
    rustup target add "$target" && \
    cargo build --release --locked --target "$target" && \
    mkdir -p /image/etc /image/licenses && \
    mv "target/$target/release/straykey" /image/straykey && \
    mv LICENSE-* /image/licenses/ && \
    # What is mounted belongs to somebody else. straykey runs nothing of it, and there is nothing to protect from it.
    printf '[safe]\n\tdirectory = *\n' >/image/etc/gitconfig

# With the user that CI systems expect: they check out inside the container.
FROM alpine:3.22 AS ci
# Not pinned: Alpine keeps one version of a package, and an older one can't be installed.
# hadolint ignore=DL3018
RUN apk add --no-cache bash git
COPY --from=build /image/etc/gitconfig /etc/gitconfig
COPY --from=build /image/straykey /usr/local/bin/straykey
CMD ["straykey", "--help"]

FROM scratch
COPY --from=build /image/ /
USER 65532:65532
WORKDIR /repo
ENTRYPOINT ["/straykey"]
CMD ["--help"]
