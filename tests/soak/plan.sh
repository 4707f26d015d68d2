#!/bin/sh
# The plan against its oracle, at length: 2,000 random rulesets by 1,500 random events each.
# Usage: tests/soak/plan.sh [BUILD_DIR]
set -eu
cd "$(dirname "$0")/../.."
PLAN_RULESETS=${PLAN_RULESETS:-2000} PLAN_EVENTS=${PLAN_EVENTS:-1500} exec "${1:-build}/tests/test_plan"
