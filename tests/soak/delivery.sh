#!/bin/sh
# Delivery at length: kill -9 every 2 s during DELIVERY_ALERTS alerts (default 100,000), for outputs that
# are delivered, spooled and sharded; a peer that is down for a minute; then the other faults.
# Usage: tests/soak/delivery.sh [BUILD_DIR]
set -eu
cd "$(dirname "$0")/../.."
GYR_DELIVERY_ALERTS=${DELIVERY_ALERTS:-100000} GYR_DELIVERY_KILL_S=${DELIVERY_KILL_S:-2} \
  GYR_DELIVERY_DOWN_S=${DELIVERY_DOWN_S:-60} \
  exec python3 tests/delivery/test_delivery.py "${1:-build}/gyr"
