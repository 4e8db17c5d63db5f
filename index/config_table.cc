#include "index/config_table.h"

namespace segue::index {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// SLOT(mf.factors): a function that finds the value in a Config. A lambda in each row would say the same in
/// three lines.
#define SLOT(member) [](Config& c) -> ConfigSlot { return &c.member; }

constexpr ConfigRow kTable[] = {
    {"events", "session_gap", SLOT(events.session_gap), 0, 0, "",
     "a pause that ends a session of events without a session's name; \"none\": a user's whole history is "
     "one"},
    {"events", "sequence", SLOT(events.sequence), 0, 0, "session user",
     "what models learn from: \"session\", or \"user\" for the whole history of each user"},
    {"events", "drop_consecutive_repeats", SLOT(events.drop_consecutive_repeats), 0, 0, "",
     "an event on the item of the event before it is merged with that one, which keeps its time and context "
     "and takes the larger weight and the newer rating"},
    {"events", "min_rating", SLOT(events.min_rating), -kInfinity, kInfinity, "",
     "events rated below it count for the factorisation of ratings only"},
    {"events.actions", "", SLOT(events.actions), 0, 1000, "",
     "weight of an action's events in the implicit models, for example purchase = 3; 1 for every action not "
     "named, 0 "
     "leaves its events out"},

    {"context", "keys", SLOT(context.keys), 0, 0, "",
     "what models know of the context of events and requests: \"auto\" (every key of the events' contexts), "
     "\"none\", or keys separated by blanks; hour and weekday come from the time, when they are named"},
    {"context", "min_count", SLOT(context.min_count), 1, 1e9, "",
     "events that a value of context needs for a place in the models"},
    {"context", "max_values", SLOT(context.max_values), 1, 10000, "",
     "values of each key that are kept, the most frequent"},
    {"context", "utc_offset", SLOT(context.utc_offset), -14, 14, "",
     "hours that local time is ahead of UTC, for hour and weekday"},
    {"context", "dropout", SLOT(context.dropout), 0, 0.95, "",
     "share of events and of requests that the Transformer learns without their context, so that it answers "
     "without any as well"},

    {"text", "analyzer", SLOT(text.analyzer), 0, 0, "english simple",
     "\"english\" (lower case, stop words, Porter stems) or \"simple\" (lower case)"},
    {"text", "k1", SLOT(text.k1), 0, 100, "", "BM25: how much a repeated word counts"},
    {"text", "b", SLOT(text.b), 0, 1, "", "BM25: how much long texts are held back, from 0 to 1"},

    {"mf", "factors", SLOT(mf.factors), 1, 4096, "", "length of the factors of an item"},
    {"mf", "iterations", SLOT(mf.iterations), 1, 1000, "", "rounds of alternating least squares"},
    {"mf", "unobserved_weight", SLOT(mf.unobserved_weight), 0, 1000, "",
     "weight of a pair of user and item without events"},
    {"mf", "confidence", SLOT(mf.confidence), 0, 1e6, "",
     "weight that a pair gains for each unit of its events' weights"},
    {"mf", "ridge", SLOT(mf.ridge), 0, 1e6, "", "regularisation of the factors"},
    {"mf", "ridge_exponent", SLOT(mf.ridge_exponent), 0, 2, "",
     "0: the same regularisation for all, 1: it grows with the number of events"},
    {"mf", "descent_steps", SLOT(mf.descent_steps), 0, 100, "",
     "conjugate gradient steps of a row in a half round; 0: solved exactly, slower"},
    {"mf", "recency", SLOT(mf.recency), 0, 10, "",
     "the k-th newest item of a session is folded in with weight k^-recency"},

    {"transformer", "width", SLOT(transformer.width), 4, 4096, "",
     "length of an item's embedding, a multiple of heads"},
    {"transformer", "layers", SLOT(transformer.layers), 1, 64, "", "blocks of attention and feed-forward"},
    {"transformer", "heads", SLOT(transformer.heads), 1, 64, "", "attention heads of a block"},
    {"transformer", "feed_forward", SLOT(transformer.feed_forward), 1, 16384, "",
     "hidden width of the feed-forward part"},
    {"transformer", "window", SLOT(transformer.window), 2, 1000, "",
     "newest events of a session that are attended to"},
    {"transformer", "temperature", SLOT(transformer.temperature), 1e-3, 10, "",
     "smaller: sharper at the head of the ranking, slower to learn the tail"},
    {"transformer", "epochs", SLOT(transformer.epochs), 0, 10000, "",
     "passes over the training sequences; 0, with --import: the imported weights serve as they are"},
    {"transformer", "dropout", SLOT(transformer.dropout), 0, 0.95, "",
     "lower where the log is large beside the model"},
    {"transformer", "rate", SLOT(transformer.rate), 1e-7, 1, "",
     "highest learning rate, reached after the warm-up"},
    {"transformer", "warm_up_steps", SLOT(transformer.warm_up_steps), 0, 1e6, "",
     "steps until the highest rate, at most a tenth of all"},
    {"transformer", "final_rate", SLOT(transformer.final_rate), 0, 1, "",
     "share of the rate that is left at the end"},
    {"transformer", "batch_sequences", SLOT(transformer.batch_sequences), 1, 1e6, "",
     "most sequences of a step"},
    {"transformer", "batch_positions", SLOT(transformer.batch_positions), 1, 1e8, "",
     "most events of a step"},
    {"transformer", "negatives", SLOT(transformer.negatives), 1, 1e8, "",
     "items that a step contrasts with; as many as there are items, or more: all of them"},
    {"transformer", "negative_power", SLOT(transformer.negative_power), 0, 2, "",
     "negatives are drawn in proportion to frequency^negative_power"},
    {"transformer", "prune", SLOT(transformer.prune), 0, 0.5, "",
     "share of the validation's NDCG@10 that leaving out heads and blocks may cost; 0: none is left out"},
    {"transformer", "ppmi_start", SLOT(transformer.ppmi_start), 0, 0, "",
     "start the item table from co-occurrence instead of noise"},
    {"transformer", "vectors_start", SLOT(transformer.vectors_start), 0, 0, "",
     "start the item table from the items' vectors, projected to the width, instead of from co-occurrence"},
    {"transformer", "patience", SLOT(transformer.patience), 0, 10000, "",
     "epochs in a row, worse on validation than the best by more than the noise, that end the training; 0: "
     "none do"},
    {"transformer", "validation_sequences", SLOT(transformer.validation_sequences), 0, 1e6, "",
     "held-back sequences on which NDCG@10 is measured after each epoch; 0: none, and the last epoch is "
     "kept"},
    {"transformer", "checkpoint_minutes", SLOT(transformer.checkpoint_minutes), 0, 1e6, "",
     "with --checkpoint: time between two checkpoints of a training"},

    {"distill", "width", SLOT(distill.width), 0, 4096, "",
     "length of an item's embedding in a narrow Transformer that learns from the one of [transformer] and is "
     "served in its place; 0: none"},
    {"distill", "layers", SLOT(distill.layers), 1, 64, "", "blocks of the narrow one"},
    {"distill", "heads", SLOT(distill.heads), 1, 64, "", "attention heads of a block of the narrow one"},
    {"distill", "feed_forward", SLOT(distill.feed_forward), 1, 16384, "",
     "hidden width of the feed-forward part of the narrow one"},
    {"distill", "epochs", SLOT(distill.epochs), 1, 10000, "",
     "passes of the narrow one over the training sequences"},
    {"distill", "dropout", SLOT(distill.dropout), 0, 0.95, "",
     "of the narrow one: less than a wide one needs"},
    {"distill", "rate", SLOT(distill.rate), 1e-7, 1, "", "highest learning rate of the narrow one"},
    {"distill", "share", SLOT(distill.share), 0, 1, "",
     "how much of the narrow one's loss is the wide one's ranking; the rest is the log"},
    {"distill", "temperature", SLOT(distill.temperature), 1e-2, 100, "",
     "above 1: items far down the wide one's ranking teach more"},

    {"transitions", "preset", SLOT(transitions.preset), 0, 0, "auto broad damped recent custom",
     "\"auto\": the preset that is best on validation; \"custom\": the constants below but max_neighbours, "
     "which always counts"},
    {"transitions", "max_distance", SLOT(transitions.max_distance), 1, 1000, "",
     "pairs of events further apart do not count"},
    {"transitions", "distance_exponent", SLOT(transitions.distance_exponent), 0, 10, "",
     "a pair at distance D counts D^-distance_exponent"},
    {"transitions", "symmetry", SLOT(transitions.symmetry), 0, 1, "", "weight of the reverse direction"},
    {"transitions", "row_exponent", SLOT(transitions.row_exponent), 0, 2, "",
     "damps items that lead to many others"},
    {"transitions", "column_exponent", SLOT(transitions.column_exponent), 0, 2, "",
     "damps popular successors"},
    {"transitions", "history", SLOT(transitions.history), 1, 1000, "",
     "newest items of a session that are looked at"},
    {"transitions", "decay", SLOT(transitions.decay), 0, 0, "power geometric",
     "weight of the k-th newest item: k^-decay_rate or decay_rate^(k - 1)"},
    {"transitions", "decay_rate", SLOT(transitions.decay_rate), 0, 10, "", "see decay"},
    {"transitions", "max_neighbours", SLOT(transitions.max_neighbours), 1, 1e6, "",
     "strongest successors that an item keeps"},

    {"content", "width", SLOT(content.width), 1, 4096, "",
     "length of the vectors that titles, texts, attributes and given vectors are brought to"},
    {"content", "features", SLOT(content.features), 1, 1e8, "",
     "most frequent words, trigrams and attribute values that are kept"},
    {"content", "vectors_weight", SLOT(content.vectors_weight), 0, 1000, "",
     "weight of each kind of given vectors beside the words; 0: words alone"},
    {"content", "ids_weight", SLOT(content.ids_weight), 0, 1000, "",
     "weight of the numbers in ids beside the words, for ids given out in series, such as stock codes, where "
     "neighbours were often launched together; 0: ids say nothing"},
    {"content", "history", SLOT(content.history), 1, 1000, "",
     "newest items and typed texts of a session that make its profile"},
    {"content", "recency", SLOT(content.recency), 0, 10, "",
     "the k-th newest item of a session counts k^-recency in its profile"},
    {"content", "prior_events", SLOT(content.prior_events), 0, 1e6, "",
     "an item with so many events stands halfway between the place that its content gives in transformer and "
     "mf and the one that behaviour gives; 0: content places new items only"},

    {"rating", "method", SLOT(rating.method), 0, 0, "auto svdpp sgd als",
     "how ratings are factorised: \"svdpp\" (gradient descent with implicit feedback), \"sgd\", \"als\"; "
     "\"auto\": the one with the smallest error on held-back ratings"},
    {"rating", "factors", SLOT(rating.factors), 1, 4096, "", "length of the factors of a user and an item"},
    {"rating", "epochs", SLOT(rating.epochs), 1, 10000, "",
     "most passes over the ratings; the best number is found on held-back ratings"},
    {"rating", "patience", SLOT(rating.patience), 1, 10000, "",
     "passes without a smaller error on held-back ratings that end the search"},
    {"rating", "rate", SLOT(rating.rate), 1e-7, 1, "",
     "step of gradient descent, for ratings brought to deviation 1"},
    {"rating", "rate_decay", SLOT(rating.rate_decay), 0.1, 1, "", "factor of the rate from pass to pass"},
    {"rating", "ridge", SLOT(rating.ridge), 1e-9, 1e6, "",
     "regularisation of the factors for each rating, for ratings brought to deviation 1"},
    {"rating", "bias_ridge", SLOT(rating.bias_ridge), 1e-9, 1e6, "", "the same of the biases"},
    {"rating", "held_back", SLOT(rating.held_back), 0, 0.9, "",
     "share of the ratings that choose the method and the number of passes; 0: all passes, and \"auto\" is "
     "\"svdpp\""},

    {"neighbours", "max_items", SLOT(neighbours.max_items), 2, 1e6, "",
     "newest different items of a sequence that all three kinds of neighbours learn from"},
    {"neighbours", "item_weight_exponent", SLOT(neighbours.item_weight_exponent), 0, 10, "",
     "item neighbours: the summed weight of an item's events in a sequence counts to this power; 0: once"},
    {"neighbours", "item_length_exponent", SLOT(neighbours.item_length_exponent), 0, 10, "",
     "damps long sequences, which say less of each of their items"},
    {"neighbours", "item_asymmetry", SLOT(neighbours.item_asymmetry), 0, 1, "",
     "0.5: the cosine; smaller: popular neighbours are held back less"},
    {"neighbours", "item_shrink", SLOT(neighbours.item_shrink), 0, 1e6, "",
     "sequences in common at which half of the cosine counts"},
    {"neighbours", "item_history", SLOT(neighbours.item_history), 1, 1000, "",
     "newest different items of a session that are looked at"},
    {"neighbours", "item_decay", SLOT(neighbours.item_decay), 0, 0, "power geometric linear",
     "weight of the k-th newest: k^-rate, rate^(k - 1), or 1 - rate (k - 1) / items looked at"},
    {"neighbours", "item_decay_rate", SLOT(neighbours.item_decay_rate), 0, 10, "", "see item_decay"},
    {"neighbours", "item_max_neighbours", SLOT(neighbours.item_max_neighbours), 1, 1e6, "",
     "nearest items that an item keeps"},
    {"neighbours", "user_weight_exponent", SLOT(neighbours.user_weight_exponent), 0, 10, "",
     "user neighbours: the summed weight of an item's events in a sequence counts to this power; 0: once"},
    {"neighbours", "user_idf_exponent", SLOT(neighbours.user_idf_exponent), 0, 10, "",
     "how much more rare items say about likeness"},
    {"neighbours", "user_asymmetry", SLOT(neighbours.user_asymmetry), 0, 1, "",
     "0.5: the cosine; smaller: long histories are held back less"},
    {"neighbours", "user_shrink", SLOT(neighbours.user_shrink), 0, 1e6, "",
     "items in common at which half of the cosine counts"},
    {"neighbours", "user_history", SLOT(neighbours.user_history), 1, 1000, "",
     "newest different items of a session that are looked at"},
    {"neighbours", "user_decay_rate", SLOT(neighbours.user_decay_rate), 0, 10, "",
     "the k-th newest of them counts k^-rate; 0: the session is a plain set"},
    {"neighbours", "user_voters", SLOT(neighbours.user_voters), 1, 1e6, "",
     "most similar sequences that vote"},
    {"neighbours", "user_max_sequences", SLOT(neighbours.user_max_sequences), 1, 1e6, "",
     "newest sequences that are looked at for an item: quality against time"},
    {"neighbours", "session_history", SLOT(neighbours.session_history), 1, 1000, "",
     "session neighbours: newest different items of a session that are looked at"},
    {"neighbours", "session_decay", SLOT(neighbours.session_decay), 0, 0, "power geometric linear",
     "as item_decay"},
    {"neighbours", "session_decay_rate", SLOT(neighbours.session_decay_rate), 0, 10, "", "see session_decay"},
    {"neighbours", "session_match_decay", SLOT(neighbours.session_match_decay), 0, 1, "",
     "a sequence met through the p-th newest item counts 1 - session_match_decay (p - 1)"},
    {"neighbours", "session_idf_exponent", SLOT(neighbours.session_idf_exponent), 0, 10, "",
     "how much rare items are preferred; 0: not at all"},
    {"neighbours", "session_distance_exponent", SLOT(neighbours.session_distance_exponent), 0, 10, "",
     "in a sequence, an item D places from the match counts D^-session_distance_exponent"},
    {"neighbours", "session_before_weight", SLOT(neighbours.session_before_weight), 0, 1, "",
     "weight of items before the match, beside those after it"},
    {"neighbours", "session_voters", SLOT(neighbours.session_voters), 1, 1e6, "",
     "most similar sequences that vote"},
    {"neighbours", "session_max_sequences", SLOT(neighbours.session_max_sequences), 1, 1e6, "",
     "newest sequences that are looked at for an item: quality against time"},
    {"neighbours", "session_sample", SLOT(neighbours.session_sample), 1, 1e6, "",
     "of the sequences found, so many newest are compared"},
    {"neighbours", "session_max_distance", SLOT(neighbours.session_max_distance), 1, 1e6, "",
     "items further from the match get no vote"},

    {"popularity", "half_life", SLOT(popularity.half_life), 0, 0, "",
     "an event of that age counts half in popularity: \"auto\" (what foresees the newest events best), "
     "\"none\", or a duration such as \"30d\""},
    {"cold_start", "diversity", SLOT(cold_start.diversity), 0, 0.95, "",
     "where nothing is known of a session: share of its popularity that an item loses when it is just like "
     "one "
     "above it; 0: the most popular, however alike"},

    {"vectors", "metric", SLOT(vectors.metric), 0, 0, "cosine ip l2",
     "how the vectors that come with items are compared"},
    {"vectors", "factory", SLOT(vectors.factory), 0, 0, "",
     "structure of the vector indexes; this version has \"auto\" and \"Flat\", both exact"},

    {"storage", "weights", SLOT(storage.weights), 0, 0, "fp32 fp16 int8",
     "numbers in models/: the Transformer's table and matrices, mf's factors, the vectors that came with "
     "items; those of transitions, neighbours, rating and content are always fp32"},
    {"storage", "vectors", SLOT(storage.vectors), 0, 0, "fp32 fp16 int8",
     "numbers in vectors/; int8 takes a quarter of the bytes"},

    {"blend", "seen", SLOT(blend.seen), 0, 0, "",
     "items of a session that it does not lead to: \"auto\" (what is best on validation), \"include\", "
     "\"exclude\", \"visit\" (those since the last pause of half an hour), \"last:N\""},
    {"blend", "max_sequences", SLOT(blend.max_sequences), 1, 1e9, "",
     "validation sequences that the weights are fitted on"},
    {"blend", "words_weight", SLOT(blend.words_weight), 0, 100, "",
     "weight of a session's words beside the models, where it holds texts that are no items"},
    {"blend", "popularity_correction", SLOT(blend.popularity_correction), 0, 1, "",
     "popularity's z-score that the blend takes off each item: less accurate, but more of the tail is shown"},
    {"blend", "new_items_cost", SLOT(blend.new_items_cost), 0, 1, "",
     "share of HR@10 and of NDCG@10 of other items that new ones, ranked by what they say, may cost: "
     "measured on validation events as if a tenth of the items were new; 0: they are weighed like any other"},

    {"evaluation", "max_sequences", SLOT(evaluation.max_sequences), 1, 1e9, "",
     "held-back sequences that are evaluated"},
    {"gate", "min_events", SLOT(gate.min_events), 0, 1e9, "",
     "with fewer held-back events the gate is skipped"},
    {"gate", "margin", SLOT(gate.margin), 0, 1, "",
     "share of the serving snapshot's NDCG@10 that a new one may lose, beside what chance explains"},
    {"suggest", "session_weight", SLOT(suggest.session_weight), 0, 100, "",
     "weight of the session beside popularity"},
};

#undef SLOT

}  // namespace

std::span<const ConfigRow> config_table() {
  return kTable;
}

}  // namespace segue::index
