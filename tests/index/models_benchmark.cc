// How well the session models rank, and how long they take, on a file of "user item" lines in time order,
// plain or gzipped. The last item of each user is the test, the one before chooses the blend and the seen
// rule, the rest is learned from; all items are ranked.
//
//     models_benchmark FILE [key=value ...]
//
// threads=N; users=N to rank for an even sample; presets=N of the transitions; epochs=N of the Transformer
// (0, the default: left out), with width, rate, dropout, negatives, ... as in [transformer]; mf=0 to leave
// out the factorisation and its constants factors, iterations, unobserved, confidence, ridge, exponent,
// recency; neighbours=N kept transitions; fit=N sequences. only=1: the neighbours alone; item=0, user=0,
// session=0 leave one out. Their constants are named as in [neighbours]: item_shrink, user_voters,
// session_match_decay, ...; decay=0 power, 1 geometric, 2 linear.

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "index/input/text_file.h"
#include "index/model/blend_fit.h"
#include "index/model/item_neighbours.h"
#include "index/model/mf_model.h"
#include "index/model/popularity.h"
#include "index/model/session_neighbours.h"
#include "index/model/transformer_model.h"
#include "index/model/transformer_trainer.h"
#include "index/model/transitions.h"
#include "index/model/user_neighbours.h"
#include "index/reindex/evaluation.h"
#include "tests/index/benchmark_input.h"

namespace {

using namespace segue;
using namespace segue::index;
using testing::Arguments;
using testing::catalogue_of;
using testing::read_histories;

class Clock {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Everything that the rows of the table share.
struct Bench {
  const Catalogue& catalogue;
  std::vector<HeldOut> validation;
  std::vector<HeldOut> test;
  SeenRule seen;
  kernels::ThreadPool& pool;
  Progress progress;

  Evaluator evaluator() { return {catalogue.searchable(), pool, progress}; }
  void row(const std::string& name, const Scorer& scorer, double training) {
    EvaluationOptions options;
    options.seen = seen;
    const Clock clock;
    const double valid = evaluator().evaluate(scorer, validation, options).values[1];
    const auto values = evaluator().evaluate(scorer, test, options).values;
    std::printf("%-22s %8.4f %8.4f %12.4f %9.1f %9.1f\n", name.c_str(), values[0], values[1], valid, training,
                clock.seconds());
    std::fflush(stdout);
  }
};

/// The time of encoding a session and taking its ten best, in microseconds: median and 99th percentile.
void print_latency(const std::string& name, const SessionModel& model, std::span<const HeldOut> sessions) {
  std::vector<double> micros;
  for (std::size_t s = 0; s < std::min<std::size_t>(sessions.size(), 2000); ++s) {
    const Clock clock;
    const auto encoded = model.encode(sessions[s].prefix);
    if (encoded) {
      encoded->top(10, nullptr);
      encoded->moments(ItemGroup::kSearchable);
    }
    micros.push_back(clock.seconds() * 1e6);
  }
  if (micros.empty()) return;
  std::sort(micros.begin(), micros.end());
  std::printf("  %s: a query takes %.0f us, 99 of 100 at most %.0f us\n", name.c_str(),
              micros[micros.size() / 2], micros[micros.size() * 99 / 100]);
}

ItemNeighbourOptions item_options(const Arguments& arguments) {
  ItemNeighbourOptions o;
  o.max_items = arguments.count("max_items", o.max_items);
  o.weight_exponent = arguments.real("item_weight_exponent", o.weight_exponent);
  o.length_exponent = arguments.real("item_length_exponent", o.length_exponent);
  o.asymmetry = arguments.real("item_asymmetry", o.asymmetry);
  o.shrink = arguments.real("item_shrink", o.shrink);
  o.history = arguments.count("item_history", o.history);
  o.decay = static_cast<HistoryDecay>(arguments.count("item_decay", static_cast<std::size_t>(o.decay)));
  o.decay_rate = arguments.real("item_decay_rate", o.decay_rate);
  o.max_neighbours = arguments.count("item_max_neighbours", o.max_neighbours);
  return o;
}

UserNeighbourOptions user_options(const Arguments& arguments) {
  UserNeighbourOptions o;
  o.max_items = arguments.count("max_items", o.max_items);
  o.weight_exponent = arguments.real("user_weight_exponent", o.weight_exponent);
  o.idf_exponent = arguments.real("user_idf_exponent", o.idf_exponent);
  o.asymmetry = arguments.real("user_asymmetry", o.asymmetry);
  o.shrink = arguments.real("user_shrink", o.shrink);
  o.history = arguments.count("user_history", o.history);
  o.decay_rate = arguments.real("user_decay_rate", o.decay_rate);
  o.voters = arguments.count("user_voters", o.voters);
  o.max_sequences = arguments.count("user_max_sequences", o.max_sequences);
  return o;
}

SessionNeighbourOptions session_options(const Arguments& arguments) {
  SessionNeighbourOptions o;
  o.max_items = arguments.count("max_items", o.max_items);
  o.history = arguments.count("session_history", o.history);
  o.decay = static_cast<HistoryDecay>(arguments.count("session_decay", static_cast<std::size_t>(o.decay)));
  o.decay_rate = arguments.real("session_decay_rate", o.decay_rate);
  o.match_decay = arguments.real("session_match_decay", o.match_decay);
  o.idf_exponent = arguments.real("session_idf_exponent", o.idf_exponent);
  o.distance_exponent = arguments.real("session_distance_exponent", o.distance_exponent);
  o.before_weight = arguments.real("session_before_weight", o.before_weight);
  o.voters = arguments.count("session_voters", o.voters);
  o.max_sequences = arguments.count("session_max_sequences", o.max_sequences);
  o.sample = arguments.count("session_sample", o.sample);
  o.max_distance = arguments.count("session_max_distance", o.max_distance);
  return o;
}

int run(int argc, char** argv) {
  if (argc < 2) throw std::runtime_error("usage: models_benchmark FILE [key=value ...]");
  const Arguments arguments(argc, argv, 2);
  const auto histories = read_histories(argv[1]);
  const Catalogue catalogue = catalogue_of(histories);
  kernels::ThreadPool pool(arguments.count("threads", 0));
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  Bench bench{catalogue, {}, {}, {}, pool, {}};
  TrainingData data;
  data.item_count = catalogue.size();
  const std::size_t users = std::min(histories.size(), arguments.count("users", histories.size()));
  for (std::size_t h = 0; h < histories.size(); ++h) {
    const auto& history = histories[h];
    const auto end = history.end();
    data.append({history.begin(), end - 2}, std::vector<float>(history.size() - 2, 1.0f));
    if (bench.test.size() * histories.size() > h * users) continue;
    bench.validation.push_back({{history.begin(), end - 2}, *(end - 2)});
    bench.test.push_back({{history.begin(), end - 1}, *(end - 1)});
  }
  std::printf("%zu users, %zu items, %zu events to learn from, %zu threads\n", histories.size(),
              catalogue.size(), data.items.size(), pool.size());

  std::vector<std::unique_ptr<SessionModel>> models;
  std::vector<double> training;
  const auto keep = [&](std::unique_ptr<SessionModel> model, const Clock& clock) {
    models.push_back(std::move(model));
    training.push_back(clock.seconds());
  };
  auto presets = transition_presets();
  presets.resize(std::clamp<std::size_t>(arguments.count("presets", presets.size()), 1, presets.size()));
  for (TransitionOptions options : presets) {
    const Clock clock;
    options.max_neighbours = arguments.count("neighbours", options.max_neighbours);
    keep(Transitions::train(data, options, catalogue, pool, bench.progress), clock);
    if (options.preset != "broad") continue;
    bench.seen = bench.evaluator().choose_seen_rule(scorer_of(*models.back()), bench.validation);
    std::printf("seen rule: %s\n%-22s %8s %8s %12s %9s %9s\n", to_string(bench.seen).c_str(), "model",
                "HR@10", "NDCG@10", "valid NDCG", "train s", "rank s");
  }
  const bool only = arguments.count("only", 0) != 0;
  for (std::size_t m = 0; m < models.size() && !only; ++m) {
    bench.row("transitions " + presets[m].preset, scorer_of(*models[m]), training[m]);
    print_latency(presets[m].preset, *models[m], bench.test);
  }
  models.resize(1);  // the blend takes "broad"
  const auto neighbours = [&](const char* name, const auto& train) {
    if (arguments.count(name, 1) == 0) return;
    const Clock clock;
    keep(train(), clock);
    bench.row(std::string(models.back()->name()), scorer_of(*models.back()), training.back());
    print_latency(name, *models.back(), bench.test);
  };
  neighbours("item", [&] {
    return ItemNeighbours::train(data, item_options(arguments), catalogue, pool, bench.progress);
  });
  neighbours("user", [&] { return UserNeighbours::train(data, user_options(arguments), catalogue); });
  neighbours("session",
             [&] { return SessionNeighbours::train(data, session_options(arguments), catalogue); });
  if (only) return 0;
  keep(Popularity::train(data, catalogue), {});
  bench.row("popularity", scorer_of(*models.back()), training.back());

  if (arguments.count("mf", 1) != 0) {
    MfOptions options;
    options.factors = arguments.count("factors", options.factors);
    options.iterations = arguments.count("iterations", options.iterations);
    options.unobserved_weight = arguments.real("unobserved", options.unobserved_weight);
    options.confidence = arguments.real("confidence", options.confidence);
    options.ridge = arguments.real("ridge", options.ridge);
    options.ridge_exponent = arguments.real("exponent", options.ridge_exponent);
    options.recency = arguments.real("recency", options.recency);
    const Clock clock;
    auto factors = MatrixFactorization::train(data, options, *backend, pool, bench.progress);
    keep(std::make_unique<MfModel>(std::move(factors), nullptr, catalogue, *backend), clock);
    bench.row("mf", scorer_of(*models.back()), training.back());
  }
  if (const std::size_t epochs = arguments.count("epochs", 0); epochs > 0) {
    TransformerOptions options;
    options.epochs = epochs;
    options.width = arguments.count("width", options.width);
    options.rate = static_cast<float>(arguments.real("rate", options.rate));
    options.final_rate = static_cast<float>(arguments.real("final_rate", options.final_rate));
    options.dropout = static_cast<float>(arguments.real("dropout", options.dropout));
    options.negatives = arguments.count("negatives", options.negatives);
    options.negative_power = arguments.real("negative_power", options.negative_power);
    options.temperature = static_cast<float>(arguments.real("temperature", options.temperature));
    options.batch_positions = arguments.count("batch_positions", options.batch_positions);
    options.ppmi_start = arguments.count("ppmi_start", options.ppmi_start ? 1 : 0) != 0;
    options.seed = arguments.count("seed", options.seed);
    const Clock clock;
    auto weights = train_transformer(data, options, *backend, pool, bench.progress);
    keep(std::make_unique<TransformerModel>(std::move(weights), nullptr, catalogue, *backend), clock);
    bench.row("transformer", scorer_of(*models.back()), training.back());
  }

  std::vector<const SessionModel*> views;
  for (const auto& model : models) views.push_back(model.get());
  BlendFitTask task{views, std::span(bench.validation).first(bench.validation.size() / 2),
                    &catalogue.searchable(), bench.seen};
  task.max_sequences = arguments.count("fit", task.max_sequences);
  const Clock clock;
  const BlendFit fit = fit_blend(task, pool, bench.progress);
  const double seconds = clock.seconds();
  const Blend blend(fit.weights, views);
  bench.row("blend", scorer_of(blend), seconds);
  for (std::size_t m = 0; m < fit.weights.models.size(); ++m) {
    std::printf("  %s %.4f\n", fit.weights.models[m].c_str(), fit.weights.weights[m]);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
