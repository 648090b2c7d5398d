FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY bot bot
COPY workflows workflows
COPY activities activities
COPY examples examples
COPY scripts scripts
# What the demo needs is of no use in an image.
RUN node scripts/build.mjs \
 && npm prune --omit=dev --no-audit --no-fund --ignore-scripts \
 && rm -rf node_modules/local-slack-linux-x64

FROM node:20-bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git openssh-client \
 && rm -rf /var/lib/apt/lists/* \
 && mkdir /data /blobs /logs && chown node:node /data /blobs /logs
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/examples/policy examples/policy
ENV NODE_ENV=production DATA_DIR=/data
USER node
VOLUME /data
CMD ["node", "dist/src/main/bot.js"]
