// Tunes the factorisation on a file of "user item" lines in time order, plain or gzipped, as
// tests/peers/implicit_trials.py tunes the package `implicit`: random constants, chosen by NDCG@10 of the
// items before the last, then the best ones on the last items with three seeds. All items are ranked but a
// user's own; learned from is what comes before both.
//
//     mf_trials FILE [key=value ...]
//
// trials=N (12); seed=N of the draws; choose=N users (an even sample) that trials are compared on; threads=N;
// last=N leaves out the user's newest N items instead of all own ones; tests=N seeds.
// A constant that is named (factors, iterations, unobserved, ridge, exponent, steps, recency) is not drawn;
// with trials=1 and all named it is one run.

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "index/input/text_file.h"
#include "index/model/mf_model.h"
#include "index/model/random_stream.h"
#include "index/reindex/evaluation.h"
#include "tests/index/benchmark_input.h"

namespace {

using namespace segue;
using namespace segue::index;

using testing::catalogue_of;
using testing::Histories;
using testing::read_histories;

/// The constants of a trial: those that the command line names, the rest drawn.
class Draw {
 public:
  Draw(std::map<std::string, double> named, std::uint64_t seed) : named_(std::move(named)), random_(seed) {}

  MfOptions operator()() {
    MfOptions options;
    options.factors = static_cast<std::size_t>(one_of("factors", {64, 96, 128}));
    options.iterations = static_cast<std::size_t>(one_of("iterations", {8, 12, 16}));
    options.unobserved_weight = between("unobserved", 0.003, 0.3, true);
    options.ridge = between("ridge", 0.0005, 0.05, true);
    options.ridge_exponent = between("exponent", 0.25, 1, false);
    options.recency = between("recency", 0.2, 1.5, false);
    options.descent_steps = static_cast<std::size_t>(
        named_.contains("steps") ? named_["steps"] : static_cast<double>(options.descent_steps));
    return options;
  }

 private:
  double one_of(const std::string& key, const std::vector<double>& values) {
    const double drawn = values[random_.below(values.size())];
    return named_.contains(key) ? named_[key] : drawn;
  }
  double between(const std::string& key, double low, double high, bool logarithmic) {
    const double t = random_.uniform();
    const double drawn = logarithmic ? low * std::pow(high / low, t) : low + t * (high - low);
    return named_.contains(key) ? named_[key] : drawn;
  }

  std::map<std::string, double> named_;
  RandomStream random_;
};

int run(int argc, char** argv) {
  if (argc < 2) throw std::runtime_error("usage: mf_trials FILE [key=value ...]");
  std::map<std::string, double> named;
  for (int i = 2; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos) throw std::runtime_error("not key=value: " + argument);
    named[argument.substr(0, equals)] = std::stod(argument.substr(equals + 1));
  }
  const auto count = [&](const char* key, std::size_t standard) {
    return named.contains(key) ? static_cast<std::size_t>(named[key]) : standard;
  };
  const Histories histories = read_histories(argv[1]);
  const Catalogue catalogue = catalogue_of(histories);
  kernels::ThreadPool pool(count("threads", 0));
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  Progress progress;
  TrainingData data;
  data.item_count = catalogue.size();
  std::vector<HeldOut> validation;
  std::vector<HeldOut> test;
  const std::size_t choose = std::min(histories.size(), count("choose", 6000));
  for (std::size_t h = 0; h < histories.size(); ++h) {
    const auto& history = histories[h];
    const std::size_t n = history.size();
    data.append(std::span(history).first(n - 2), std::vector<float>(n - 2, 1.0f));
    const auto held = [&](std::size_t target) {
      HeldOut one;
      one.prefix.assign(history.begin(), history.begin() + static_cast<std::ptrdiff_t>(target));
      one.target = history[target];
      return one;
    };
    test.push_back(held(n - 1));
    if (validation.size() * histories.size() <= h * choose) validation.push_back(held(n - 2));
  }

  EvaluationOptions evaluation;
  evaluation.seen = named.contains("last") ? SeenRule::last(count("last", 0)) : SeenRule::exclude();
  const Evaluator evaluator{catalogue.searchable(), pool, progress};
  const auto measure = [&](const MfOptions& options, const std::vector<HeldOut>& on) {
    const auto start = std::chrono::steady_clock::now();
    const MfModel model(MatrixFactorization::train(data, options, *backend, pool, progress), nullptr,
                        catalogue, *backend);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const auto values = evaluator.evaluate(scorer_of(model), on, evaluation).values;
    std::printf(
        "HR@10 %.4f NDCG@10 %.4f  factors=%zu iterations=%zu unobserved=%.4g ridge=%.4g exponent=%.3g "
        "recency=%.3g steps=%zu  (%.1f s)\n",
        values[0], values[1], options.factors, options.iterations, options.unobserved_weight, options.ridge,
        options.ridge_exponent, options.recency, options.descent_steps, seconds.count());
    std::fflush(stdout);
    return values[1];
  };
  Draw draw(named, count("seed", 1));
  MfOptions best;
  double highest = -1;
  for (std::size_t t = 0; t < count("trials", 12); ++t) {
    const MfOptions options = draw();
    const double value = measure(options, validation);
    if (value > highest) {
      highest = value;
      best = options;
    }
  }
  for (std::uint64_t seed = 1; seed <= count("tests", 3); ++seed) {
    std::printf("test, seed %zu: ", static_cast<std::size_t>(seed));
    best.seed = seed;
    measure(best, test);
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
