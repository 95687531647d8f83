/**
 * The most steps that a regular expression of an object may have as a program, by the count of the RE2 that we try it with. RE2's
 * programs are linear in time, and Envoy's own bound of 100 refuses many an honest list of words; this one keeps an object from
 * taking memory by the hundred megabytes.
 */
export const MOST_EXPRESSION_STEPS = 4_900;

/** What Envoy is told to take: its RE2 counts a few more, and for one above this it refuses the whole host. */
export const ENVOY_EXPRESSION_STEPS = MOST_EXPRESSION_STEPS + 100;
