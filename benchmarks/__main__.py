"""`make bench`: runs every measurement and prints one line each."""

from benchmarks import day, ears, echo, journal, numbers, queue, tick

for measure in (tick.measure, ears.measure, echo.measure, journal.measure, numbers.measure, queue.measure, day.measure):
    for line in measure():
        print(line)
