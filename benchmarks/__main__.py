"""`make bench`: runs every measurement and prints one line each."""

from benchmarks import day, ears, echo, journal, numbers, tick

for measure in (tick.measure, ears.measure, echo.measure, journal.measure, numbers.measure, day.measure):
    for line in measure():
        print(line)
