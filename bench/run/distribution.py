"""Distribution: reads HdrHistogram's percentile text, as parley-load --histogram writes it.

           Value     Percentile TotalCount 1/(1-Percentile)

          92.159 0.500000000000      50211           2.00
    #[Mean    =       95.101, StdDeviation   =       11.220]
"""


def read(text):
    """[(value, percentile 0..1)], ascending; the last one is the maximum. Raises ValueError if a
    line is none of these."""
    points = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#") or line.split()[0] == "Value":
            continue
        fields = line.split()
        if len(fields) not in (3, 4):
            raise ValueError(f"line {number} is no percentile: {line!r}")
        points.append((float(fields[0]), float(fields[1])))
    return points


def median_curve(curves):
    """At each percentile that all curves have, the median of their values: one curve for several
    rounds of the same thing."""
    by_percentile = {}
    for curve in curves:
        for value, percentile in curve:
            by_percentile.setdefault(percentile, []).append(value)
    return [(sorted(values)[len(values) // 2], percentile)
            for percentile, values in sorted(by_percentile.items()) if len(values) == len(curves)]
