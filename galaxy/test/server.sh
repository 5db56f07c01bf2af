#!/usr/bin/env bash
# Stands in for the run.sh of a Galaxy source tree: planemo calls it, in a folder that looks like one, with the
# configuration that it wrote (GALAXY_CONFIG_FILE, GALAXY_CONFIG_OVERRIDE_*). Two processes make the server: gunicorn
# answers requests and runs jobs, Celery fetches uploads and finds out what datasets hold. When one ends, so does the other.
set -euo pipefail
unset PYTHONPATH
: "${GALAXY_ENVIRONMENT:?the virtual environment that Galaxy is installed in}"
export VIRTUAL_ENV=$GALAXY_ENVIRONMENT  # jobs activate it; the requirement's env.sh comes later and has the last word
bin=$GALAXY_ENVIRONMENT/bin

mkdir -p "$(dirname "$GALAXY_CONFIG_FILE")/data"  # Celery keeps its results there and ends at once where it is missing
address=$("$bin/python" - "$GALAXY_CONFIG_FILE" <<'PYTHON'
import json, sys
print(json.load(open(sys.argv[1]))["gravity"]["gunicorn"]["bind"])
PYTHON
)
export GALAXY_CONFIG_OVERRIDE_METADATA_STRATEGY=celery_extended   # else each job imports Galaxy anew: some 10 s of work
export GALAXY_CONFIG_OVERRIDE_INTERACTIVETOOLS_ENABLE=false
export GALAXY_CONFIG_OVERRIDE_ENABLE_MULLED_CONTAINERS=false      # else it asks for a program from the internet

"$bin/celery" --app galaxy.celery worker --pool threads --concurrency 2 --loglevel WARNING \
    --queues celery,galaxy.internal,galaxy.external &
"$bin/gunicorn" 'galaxy.webapps.galaxy.fast_factory:factory()' --worker-class galaxy.webapps.galaxy.workers.Worker \
    --bind "$address" --workers 1 --timeout 300 --config python:galaxy.web_stack.gunicorn_config --no-control-socket &
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
trap 'exit 0' TERM INT
wait -n
