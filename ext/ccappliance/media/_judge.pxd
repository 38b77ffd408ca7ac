# The verdict's model: what the trees make of an ear's features, and the limits of the sequential decision.

cdef void judge_features(const float *features, float *human, float *carrier) noexcept nogil
cdef float judge_machine_below(int snapshot) noexcept nogil     # from this probability of a person down: a machine
cdef float judge_human_above(int snapshot) noexcept nogil       # from this up: a person
cdef bytes judge_name()                                         # a digest of the tables
