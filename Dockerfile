# The image of the program: docker build --tag khata . (docs/operations.md says how to run it.)

FROM docker.io/library/swift:6.3.1-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        libhiredis-dev libpq-dev librdkafka-dev libsqlite3-dev pkg-config \
    && rm -rf /var/cache/apt/* /var/lib/apt/lists/*
WORKDIR /khata
COPY . .
RUN swift build --configuration release --static-swift-stdlib --product khata \
    && strip --strip-unneeded --remove-section=.comment .build/release/khata \
    && install -D --target-directory=/image/usr/bin .build/release/khata \
    && install -D --mode=644 --target-directory=/image/usr/share/doc/khata LICENSE \
    && ops/lib/third-party >/image/usr/share/doc/khata/third-party.txt

FROM docker.io/library/debian:bookworm-slim
# What ops/package finds that the program links to, and the authorities that it trusts.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates libhiredis0.14 libpq5 librdkafka1 libsqlite3-0 libstdc++6 zlib1g \
    && rm -rf /var/cache/apt/* /var/cache/debconf/*-old /var/lib/apt/lists/* /var/log/apt /var/log/*.log \
    && groupadd --gid 10001 khata \
    && useradd --uid 10001 --gid khata --home-dir /var/lib/khata --shell /usr/sbin/nologin khata \
    && install --directory --owner=khata --group=khata --mode=700 /var/lib/khata
COPY --from=build /image /
# What listens on 127.0.0.1 in a container is reached by nobody.
ENV KHATA_BIND=0.0.0.0 KHATA_OPS_BIND=0.0.0.0
LABEL org.opencontainers.image.title="Khata" \
    org.opencontainers.image.description="Inventory service for one shop or thousands of stores" \
    org.opencontainers.image.licenses="Apache-2.0"
USER 10001:10001
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/khata"]
CMD ["serve"]
