# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# The verdict's model: what the trees make of an ear's features, and the limits of the sequential decision.
#
# Data sheet
#   does      gives the probability of a person, and that a machine is the network's, of VERDICT_FEATURES numbers
#   how       complete boosted trees (src/verdict_model.h, made by tools/train_verdict.py), summed in their order in double
#             precision, one logistic at the end: the same decisions with and without AVX2
#   limits    two for each snapshot of 100 ms: of time, because a short wait tells more early than late
#   cost      some 300 trees of 4 comparisons: 5 us a snapshot
from libc.math cimport exp

cdef extern from "src/verdict_model.h" nogil:
    enum: VERDICT_TREES, CARRIER_TREES, VERDICT_DEPTH, VERDICT_INNER, VERDICT_LIMITS
    const char *VERDICT_MODEL
    const float verdict_machine_below[1]
    const float verdict_human_above[1]
    const signed char verdict_feature[1][VERDICT_INNER]
    const float verdict_threshold[1][VERDICT_INNER]
    const float verdict_leaf[1][1 + VERDICT_INNER]
    const float verdict_bias
    const signed char carrier_feature[1][VERDICT_INNER]
    const float carrier_threshold[1][VERDICT_INNER]
    const float carrier_leaf[1][1 + VERDICT_INNER]
    const float carrier_bias


cdef float _likely(double sum_) noexcept nogil:
    return 1.0 / (1.0 + exp(-sum_))


cdef void judge_features(const float *features, float *human, float *carrier) noexcept nogil:
    cdef double person = verdict_bias, network = carrier_bias
    cdef int tree, node, level
    for tree in range(VERDICT_TREES):
        node = 0
        for level in range(VERDICT_DEPTH):
            node = 2 * node + 1 + (features[verdict_feature[tree][node]] > verdict_threshold[tree][node])
        person += verdict_leaf[tree][node - VERDICT_INNER]
    for tree in range(CARRIER_TREES):
        node = 0
        for level in range(VERDICT_DEPTH):
            node = 2 * node + 1 + (features[carrier_feature[tree][node]] > carrier_threshold[tree][node])
        network += carrier_leaf[tree][node - VERDICT_INNER]
    human[0] = _likely(person)
    carrier[0] = _likely(network)


cdef float judge_machine_below(int snapshot) noexcept nogil:
    return verdict_machine_below[max(0, min(snapshot, VERDICT_LIMITS - 1))]


cdef float judge_human_above(int snapshot) noexcept nogil:
    return verdict_human_above[max(0, min(snapshot, VERDICT_LIMITS - 1))]


cdef bytes judge_name():
    return <bytes>VERDICT_MODEL
