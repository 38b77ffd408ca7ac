"""`make bench`: runs every measurement and prints one line each."""

from benchmarks import day, ears, echo, journal, numbers, queue, recording, span, tick

for measure in (tick.measure, span.measure, ears.measure, echo.measure, journal.measure, numbers.measure, queue.measure,
                recording.measure, day.measure):
    for line in measure():
        print(line)
