// How well a narrow Transformer ranks that learned alone, and one that a wide Transformer taught, on a file
// of "user item" lines in time order, plain or gzipped. The item before each user's last is the validation,
// the last one the test, the rest is learned from; all items are ranked.
//
//     distillation_trials FILE TEACHER.safetensors [key=value ...]
//
// The wide one is trained with the keys teacher_epochs, teacher_dropout, teacher_rate and negatives, unless
// TEACHER is there. The narrow one's keys: width, heads, layers, feed_forward, epochs, dropout, rate, tau
// (the softmax's temperature), seed; share (0: alone) and temperature of the distillation; table=1: its item
// table starts from the teacher's. last=N: the seen rule, 0: all that was seen. users=N for an even sample.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "index/model/transformer_model.h"
#include "index/model/transformer_trainer.h"
#include "index/reindex/evaluation.h"
#include "tests/index/benchmark_input.h"

namespace {

using namespace segue;
using namespace segue::index;

struct Trial {
  TrainingData data;
  std::vector<HeldOut> validation, test;
};

Trial trial_of(const testing::Histories& histories, std::size_t items, std::size_t users) {
  Trial trial;
  trial.data.item_count = items;
  for (std::size_t h = 0; h < histories.size(); ++h) {
    const auto begin = histories[h].begin();
    const auto end = histories[h].end();
    trial.data.append({begin, end - 2}, std::vector<float>(histories[h].size() - 2, 1.0f));
    if (trial.test.size() * histories.size() > h * users) continue;
    trial.validation.push_back({{begin, end - 2}, *(end - 2)});
    trial.test.push_back({{begin, end - 1}, *(end - 1)});
  }
  return trial;
}

class Bench {
 public:
  Bench(const Trial& trial, const Catalogue& catalogue, const testing::Arguments& arguments)
      : trial_(trial), catalogue_(catalogue), arguments_(arguments), pool_(arguments.count("threads", 0)) {
    const std::size_t last = arguments.count("last", 0);
    seen_ = parse_seen_rule(last == 0 ? "exclude" : "last:" + std::to_string(last)).value();
  }

  TransformerWeights teacher(const std::filesystem::path& file) {
    if (std::filesystem::exists(file)) return TransformerWeights::load(file);
    TransformerOptions options;
    options.epochs = arguments_.count("teacher_epochs", options.epochs);
    options.dropout = static_cast<float>(arguments_.real("teacher_dropout", 0.4));
    options.rate = static_cast<float>(arguments_.real("teacher_rate", 4e-3));
    options.negatives = arguments_.count("negatives", options.negatives);
    options.seed = arguments_.count("seed", 1);
    TransformerWeights weights = train_transformer(trial_.data, options, *backend_, pool_, progress_);
    weights.save(file);
    return weights;
  }

  TrainedTransformer student(const TransformerWeights& wide) {
    TransformerOptions options;
    options.width = arguments_.count("width", 32);
    options.layers = arguments_.count("layers", 2);
    options.heads = arguments_.count("heads", 2);
    options.feed_forward = arguments_.count("feed_forward", options.width);
    options.epochs = arguments_.count("epochs", options.epochs);
    options.dropout = static_cast<float>(arguments_.real("dropout", 0.2));
    options.rate = static_cast<float>(arguments_.real("rate", 4e-3));
    options.temperature = static_cast<float>(arguments_.real("tau", 0.07));
    options.negatives = arguments_.count("negatives", options.negatives);
    options.seed = arguments_.count("seed", 1);
    options.patience = 0;
    const double share = arguments_.real("share", 0);
    const TransformerTeacher teacher(wide, {share, arguments_.real("temperature", 1)}, *backend_);
    TransformerTraining training{.data = trial_.data, .options = options};
    if (share > 0) training.teacher = &teacher;
    if (arguments_.count("table", share > 0) != 0) training.sources.table = &wide;
    return train_transformer(training, *backend_, pool_, progress_);
  }

  void row(const char* name, TransformerWeights weights) {
    const TransformerModel model(std::move(weights), nullptr, catalogue_, *backend_);
    EvaluationOptions options;
    options.seen = seen_;
    Evaluator evaluator(catalogue_.searchable(), pool_, progress_);
    const double valid = evaluator.evaluate(scorer_of(model), trial_.validation, options).values[1];
    const auto values = evaluator.evaluate(scorer_of(model), trial_.test, options).values;
    std::printf("%-10s validation %.4f  test HR@10 %.4f NDCG@10 %.4f  encode %.0f us", name, valid, values[0],
                values[1], microseconds(model.encoder()));
    std::fflush(stdout);
  }

 private:
  /// Of encoding a session: the median of 2,000.
  double microseconds(const SessionEncoder& encoder) const {
    std::vector<double> times;
    for (std::size_t s = 0; s < std::min<std::size_t>(trial_.test.size(), 2000); ++s) {
      const auto start = std::chrono::steady_clock::now();
      encoder.encode(trial_.test[s].prefix);
      times.push_back(
          std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    }
    std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
    return times[times.size() / 2];
  }

  const Trial& trial_;
  const Catalogue& catalogue_;
  const testing::Arguments& arguments_;
  kernels::ThreadPool pool_;
  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
  Progress progress_;
  SeenRule seen_;
};

int run(int argc, char** argv) {
  if (argc < 3)
    throw std::runtime_error("usage: distillation_trials FILE TEACHER.safetensors [key=value ...]");
  const testing::Arguments arguments(argc, argv, 3);
  const auto histories = testing::read_histories(argv[1]);
  const Catalogue catalogue = testing::catalogue_of(histories);
  const Trial trial = trial_of(histories, catalogue.size(), arguments.count("users", histories.size()));
  Bench bench(trial, catalogue, arguments);
  const TransformerWeights wide = bench.teacher(argv[2]);
  if (arguments.count("wide", 0) != 0) {
    bench.row("wide", wide);
    std::printf("\n");
  }
  TrainedTransformer narrow = bench.student(wide);
  bench.row("narrow", std::move(narrow.weights));
  std::printf("  loss %.3f, %.1f s\n", narrow.curve.back().loss, narrow.curve.back().seconds);
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
