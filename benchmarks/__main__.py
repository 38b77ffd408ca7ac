"""`make bench`: runs every measurement and prints one line each."""

from benchmarks import day, ears, journal, tick

for measure in (tick.measure, ears.measure, journal.measure, day.measure):
    for line in measure():
        print(line)
