"""`make bench`: runs every measurement and prints one line each."""

from benchmarks import day, ears, echo, journal, queue, tick

for measure in (tick.measure, ears.measure, echo.measure, journal.measure, queue.measure, day.measure):
    for line in measure():
        print(line)
