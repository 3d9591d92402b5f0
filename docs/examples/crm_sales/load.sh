#!/bin/sh
# Brings the example company "crm_sales" into an empty installation.
#   docs/examples/crm_sales/load.sh [DIRECTORY OF THE CSV FILES]
# Every step is an ordinary command of docs/importing.md; running it twice changes nothing.
# MANAGE says how manage.py is started (default: .venv/bin/python manage.py, else python manage.py).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
data=$(cd "${1:-$root/../shared/data/crm_sales}" && pwd)
cd "$root"
if [ -z "${MANAGE:-}" ]; then
    if [ -x .venv/bin/python ]; then MANAGE=".venv/bin/python manage.py"; else MANAGE="python manage.py"; fi
fi

load() { # RESOURCE FILE MAP
    $MANAGE import_data "$1" "$data/$2" --map "$here/$3"
}

$MANAGE set_company --name "MavenTech" --currency USD
load teams       sales_teams.csv    1-regions.toml
load teams       sales_teams.csv    2-teams.toml
load users       sales_teams.csv    3-managers.toml
load users       sales_teams.csv    4-agents.toml
load teams       sales_teams.csv    5-leaders.toml
load products    products.csv       6-products.toml
load accounts    accounts.csv       7-accounts.toml
load accounts    owners.csv         8-owners.toml
load sales_facts sales_pipeline.csv 9-sales.toml
