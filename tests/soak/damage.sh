#!/bin/sh
# Damaged recordings, at length: every capture below DIR cut at 200 random places, 100,000 flipped bits
# over all of them. With a build that has ASAN and UBSAN this is what shows a crash; without, it still
# checks that every event before the damage is delivered. CI runs the short form (tests/compat).
# Usage: tests/soak/damage.sh [BUILD_DIR] [DIR]
set -eu
cd "$(dirname "$0")/../.."
DAMAGE_CUTS=${DAMAGE_CUTS:-200} DAMAGE_FLIPS=${DAMAGE_FLIPS:-100000} \
  exec "${1:-build}/tests/compat/compat_scap_damage" "${2:-../shared/cases}"
