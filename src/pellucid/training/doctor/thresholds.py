"""Every threshold of the doctor, and how it was set.

On seeds 0 to 9 of moons, digits and Friedman's regression, healthy and sick (reliability/doctor.py): each lies between
what healthy runs and what sick runs gave. Judged on seeds 10 to 29, and on other data.

"Learned" is 1 - cost / ignorant cost: the share of the cost of knowing only the frequencies (or the mean) that is gone.
"""

ROWS = 1000  # training rows looked at, at most,
BYTES = 2**26  # and fewer where they are long
TRIAL_PARTS = 4  # of a sample of more rows than that, one part in so many measures what the others taught

# trial runs at other rates: updates they may take, and what they must learn more than the whole run did
FINISHED = 0.95  # learned: nothing to be gained by another rate or more epochs
HIGHER_RATES = (30, 100, 300, 1000)  # times the rate, in the same number of updates,
UPDATES_HIGHER = 100  # at most
LOWER_RATES = (10, 100, 1000)  # times lower, likewise,
UPDATES_LOWER = 200  # at most
ABOUT = 0.05  # a rate nearer to the run's own is advised where it learns at most so much less
RATE_GAIN = 0.15  # healthy at most -0.05, a rate 100 times off at least 0.35
UPDATES_MORE = 100, 300  # more training: as long again, within these bounds
MORE_GAIN = 0.08  # on training rows; healthy at most 0.04, a twentieth of the epochs at least 0.14
GAIN_HELD = 0.05  # on rows held out, where there are any; healthy at most 0.04, sick at least 0.09
MULTIPLICATIONS = 1e10  # that all trials of one kind may take together

SAME = 1e-6  # relative: outputs over the rows, or weights of two units, this near are the same
ROWS_FOR_UNITS = 20  # on fewer rows a healthy unit may well be silent
MANY_SILENT = 0.5  # of a layer: to watch; relu nets that learn well have up to a third
VANISHING = 1e-3  # ||dJ/dZ_1|| / ||dJ/dZ_L|| at the start: healthy 0.4 to 2, two layers of N(0, 0.01^2) 0.02, sick 1e-4
EXPLODING = 30.0  # sick 600 and more
LITTLE = 0.1  # learned less than this: what was found kept it from learning
HALF = 0.5  # learned less than this: what was found has probably cost a good deal

SURE_AND_WRONG = 6.9  # l of a row whose right class gets less than 1 in 1,000
MANY_SURE_AND_WRONG = 0.05  # of the rows
LARGE = 30.0  # root mean square of an input column: pixels as 0 to 255 have 100 and more, toy data up to 8
SMALL = 0.01  # of the largest column
ONE_ANSWER = 0.99  # of the rows are given it
BARELY_BETTER = 0.05  # balanced accuracy above that of one answer

FEW, VERY_FEW = 10, 5  # rows of the smallest class
FEW_ROWS, VERY_FEW_ROWS = 20, 10  # for a regression
GAP = 0.1  # of accuracy between training and other rows; healthy at most 0.06, a tenth of the rows 0.1 to 0.3
GAP_LEARNED = 0.25  # of the share learned, in a regression; 0.15 and 0.44
GAP_ERRORS = 2.0  # a difference is told from so many standard errors on
LOST = 0.1  # of the share learned on rows held out, since it was highest
UNEVEN = 0.8  # of the rows are of one class
