# docker build -t batch . && docker run --rm -v "$PWD":/project -e BAICAI_API_KEY batch run
# Mount the folder, never jobs.lock alone: the lock is replaced as a whole, and its journal lies beside it.
FROM rust:1.95-slim-trixie AS build
WORKDIR /source
COPY . .
RUN cargo install --locked --path . --root /out

FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/bin/batch /usr/local/bin/batch
WORKDIR /project
ENTRYPOINT ["batch"]
