"""All processes die at once, and all people come back at once."""

import re
from collections import Counter

import pytest

pytestmark = pytest.mark.stack("scaled")
HISTORY = re.compile(r'SELECT .* FROM "?chat_message"? WHERE .*rev"? > (-?\d+)')


def test_people_who_all_come_back_at_once_cost_the_database_a_few_queries_not_one_each(
    make_site, gather, fault, length
):
    site = make_site()
    people = length(short=100, full=1000)
    crowd = gather(site, roaming=6, readers=people - 8, pace=1.0)
    with fault(f"{people} people come back at once", "reconnects", crowd) as clock:
        for process in site.processes:
            process.kill()
        ((database,),) = (row.values() for row in site.sql("SELECT current_database()"))
        site.sql(f"ALTER DATABASE {database} SET log_statement = 'all'")
        quiet = site.postgres.log.stat().st_size
        clock.starts()
        for process in site.processes:
            process.launch()
        for process in site.processes:
            process.wait_until_up()
        crowd.recovers()
    said = site.postgres.log.read_text()[quiet:]
    assert "INSERT INTO chat_message" in said.replace('"', ""), "this is not what it is asked"
    gaps = Counter(HISTORY.findall(said))
    print(gaps)
    assert max(gaps.values(), default=0) <= len(site.processes), "one gap was read many times"
    assert gaps.total() <= 10 * len(site.processes)
