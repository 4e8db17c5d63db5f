// How well and how fast the session Transformer learns from a file of "user item" lines in time order. The
// last item of each user is the test: all items are ranked for the history before it. Training goes without
// the last two, since the one before the test is left for validation.
//
//     transformer_benchmark FILE [key=value ...]
//
// with the keys of TransformerOptions (form=sasrec wants temperature=1), users=N (a sample), threads=N, and
// leave_out=N: the newest N items of the history are not ranked; by default all of them, 0 for logs where
// people come back to an item.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <exception>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "index/model/matrix_buffer.h"
#include "index/model/random_stream.h"
#include "index/model/session_encoder.h"
#include "index/model/transformer_trainer.h"
#include "index/progress.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"

namespace {

using namespace segue;
using namespace segue::index;
using Clock = std::chrono::steady_clock;

/// Of all threads: what training costs where other programs take part of the machine.
double processor_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class EpochTimes final : public Progress {
 public:
  explicit EpochTimes(std::size_t epochs) : epochs_(epochs) {}

  void update(double done, double total, std::string_view note) override {
    if (steps_++ == 0) std::printf("start of the table: %.1f s\n", seconds_since(last_));
    if (steps_ == 1) {
      last_ = Clock::now();
      processor_ = processor_seconds();
    }
    const auto epoch = static_cast<std::size_t>(done / total * static_cast<double>(epochs_) + 1e-9);
    if (epoch == epoch_) return;
    std::printf("epoch %2zu  %5.1f s  %5.1f s of processors  %zu steps  %.*s\n", epoch, seconds_since(last_),
                processor_seconds() - processor_, steps_ - 1, static_cast<int>(note.size()), note.data());
    std::fflush(stdout);
    last_ = Clock::now();
    processor_ = processor_seconds();
    epoch_ = epoch;
  }

 private:
  std::size_t epochs_;
  std::size_t epoch_ = 0;
  std::size_t steps_ = 0;
  Clock::time_point last_ = Clock::now();
  double processor_ = processor_seconds();
};

std::vector<std::vector<ItemId>> read_histories(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file);
  std::map<std::size_t, std::vector<ItemId>> by_user;
  std::size_t user = 0;
  ItemId item = 0;
  while (in >> user >> item) by_user[user].push_back(item);
  std::vector<std::vector<ItemId>> histories;
  for (auto& [id, items] : by_user) histories.push_back(std::move(items));
  return histories;
}

struct Metrics {
  double hit_rate = 0;
  double ndcg = 0;
  void add(double rank) {  // counted from 0
    if (rank < 10) hit_rate += 1, ndcg += 1 / std::log2(rank + 2);
  }
};

Metrics evaluate(const TransformerWeights& weights, const std::vector<std::vector<ItemId>>& histories,
                 std::size_t leave_out, const kernels::Backend& backend, kernels::ThreadPool& pool) {
  std::size_t items = 0;
  for (const auto& history : histories) {
    for (const ItemId item : history) items = std::max<std::size_t>(items, item + 1);
  }
  const SessionEncoder encoder(weights, backend);
  const std::size_t d = encoder.width();
  MatrixBuffer unit;
  const kernels::Matrix rows = unit.reshape(items, d);
  std::fill(unit.flat().begin(), unit.flat().end(), 0.0f);
  for (std::size_t r = 0; r < weights.vocabulary().size(); ++r) {
    std::copy_n(weights.items().row(r), d, rows.row(weights.vocabulary()[r]));
  }
  if (weights.config().form == TransformerForm::kSegue) backend.normalize_rows(rows, 1, rows, {});
  constexpr std::size_t kBlock = 128;
  std::vector<Metrics> parts((histories.size() + kBlock - 1) / kBlock);
  pool.run(parts.size(), [&](std::size_t block) {
    std::vector<float> scores(items);
    for (std::size_t u = block * kBlock; u < std::min(histories.size(), (block + 1) * kBlock); ++u) {
      const std::vector<ItemId>& history = histories[u];
      const std::span<const ItemId> seen(history.data(), history.size() - 1);
      const ItemId target = history.back();
      const std::vector<float> hidden = encoder.encode(seen);
      if (hidden.empty()) {
        parts[block].add(static_cast<double>(items) / 2);
        continue;
      }
      backend.matvec(rows, hidden, scores);
      const float wanted = scores[target];
      for (const ItemId item : seen.last(std::min(leave_out, seen.size()))) scores[item] = -INFINITY;
      scores[target] = wanted;
      std::size_t above = 0;
      std::size_t equal = 0;
      for (const float score : scores) {
        above += score > wanted;
        equal += score == wanted;
      }
      parts[block].add(static_cast<double>(above) + static_cast<double>(equal - 1) / 2);
    }
  });
  Metrics sum;
  for (const Metrics& part : parts) sum.hit_rate += part.hit_rate, sum.ndcg += part.ndcg;
  sum.hit_rate /= static_cast<double>(histories.size());
  sum.ndcg /= static_cast<double>(histories.size());
  return sum;
}

/// What a request pays: microseconds of an event added to a running session, and of a whole session.
void time_encoder(const TransformerWeights& weights, const std::vector<std::vector<ItemId>>& histories,
                  const kernels::Backend& backend) {
  const SessionEncoder encoder(weights, backend);
  double appending = 0;
  double encoding = 0;
  std::size_t events = 0;
  const std::size_t sessions = std::min<std::size_t>(500, histories.size());
  for (std::size_t s = 0; s < sessions; ++s) {
    const std::size_t length = std::min(histories[s].size(), weights.config().window);
    const double start = processor_seconds();
    SessionState state = encoder.start();
    for (std::size_t t = 0; t < length; ++t) events += encoder.append(state, histories[s][t]);
    const double middle = processor_seconds();
    encoder.encode(std::span(histories[s].data(), length));
    appending += middle - start;
    encoding += processor_seconds() - middle;
  }
  std::printf("append %.1f us an event; encode %.0f us a session of %.1f events\n",
              1e6 * appending / static_cast<double>(events), 1e6 * encoding / static_cast<double>(sessions),
              static_cast<double>(events) / static_cast<double>(sessions));
}

void set_option(TransformerOptions& options, const std::string& key, const std::string& value) {
  const auto count = [&](std::size_t& to) { to = std::stoul(value); };
  const auto real = [&](float& to) { to = std::stof(value); };
  const std::map<std::string, std::function<void()>> keys = {
      {"width", [&] { count(options.width); }},
      {"layers", [&] { count(options.layers); }},
      {"heads", [&] { count(options.heads); }},
      {"feed_forward", [&] { count(options.feed_forward); }},
      {"window", [&] { count(options.window); }},
      {"temperature", [&] { real(options.temperature); }},
      {"form",
       [&] { options.form = value == "sasrec" ? TransformerForm::kSasrec : TransformerForm::kSegue; }},
      {"epochs", [&] { count(options.epochs); }},
      {"dropout", [&] { real(options.dropout); }},
      {"rate", [&] { real(options.rate); }},
      {"warm_up_steps", [&] { count(options.warm_up_steps); }},
      {"batch_sequences", [&] { count(options.batch_sequences); }},
      {"batch_positions", [&] { count(options.batch_positions); }},
      {"negatives", [&] { count(options.negatives); }},
      {"shard_positions", [&] { count(options.shard_positions); }},
      {"ppmi_start", [&] { options.ppmi_start = value != "0"; }},
      {"seed", [&] { options.seed = std::stoul(value); }},
  };
  const auto found = keys.find(key);
  if (found == keys.end()) throw std::runtime_error("unknown key " + key);
  found->second();
}

int run(int argc, char** argv) {
  if (argc < 2) throw std::runtime_error("usage: transformer_benchmark FILE [key=value ...]");
  TransformerOptions options;
  std::size_t users = 0;
  std::size_t threads = 0;
  std::size_t leave_out = std::numeric_limits<std::size_t>::max();
  for (int i = 2; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = std::min(argument.find('='), argument.size());
    const std::string key = argument.substr(0, equals);
    const std::string value = argument.substr(std::min(equals + 1, argument.size()));
    if (key == "users") {
      users = std::stoul(value);
    } else if (key == "threads") {
      threads = std::stoul(value);
    } else if (key == "leave_out") {
      leave_out = std::stoul(value);
    } else {
      set_option(options, key, value);
    }
  }

  std::vector<std::vector<ItemId>> histories = read_histories(argv[1]);
  std::erase_if(histories, [](const auto& history) { return history.size() < 3; });
  if (users > 0 && users < histories.size()) {
    RandomStream random(1);
    for (std::size_t i = 0; i < users; ++i)
      std::swap(histories[i], histories[i + random.below(histories.size() - i)]);
    histories.resize(users);
  }
  TrainingData data;
  for (const auto& history : histories) {
    for (const ItemId item : history) data.item_count = std::max<std::size_t>(data.item_count, item + 1);
    const std::vector<float> weights(history.size() - 2, 1.0f);
    data.append({history.data(), history.size() - 2}, weights);
  }
  std::printf("%zu users, %zu training events\n", histories.size(), data.items.size());

  kernels::ThreadPool pool(threads);
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  EpochTimes times(options.epochs);
  const TransformerWeights weights = train_transformer(data, options, *backend, pool, times);
  const Clock::time_point start = Clock::now();
  const Metrics metrics = evaluate(weights, histories, leave_out, *backend, pool);
  std::printf("HR@10 %.4f  NDCG@10 %.4f  (ranking all items: %.1f s)\n", metrics.hit_rate, metrics.ndcg,
              seconds_since(start));
  time_encoder(weights, histories, *backend);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
