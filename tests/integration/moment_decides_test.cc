// Where the hour, the day of the week or the basket decides what comes next, a Transformer that knows it
// finds it, and one that does not know it cannot.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "index/model/random_stream.h"
#include "index/reindex/reindexer.h"
#include "tests/support/small_shop.h"

namespace segue {
namespace {

constexpr std::size_t kN = 12;
constexpr std::size_t kSessions = 1600;
constexpr std::size_t kMonday = 4 * 86'400;  // 1970-01-05, seconds

/// After two items comes one of the two that belong to the second of them: which one, the key says.
void write_log(const std::filesystem::path& file, const std::string& key) {
  index::RandomStream random(5);
  std::ofstream log(file);
  for (std::size_t s = 0; s < kSessions; ++s) {
    const bool second = random.below(2) == 1;
    const std::size_t day = key == "weekday" ? (second ? 5 : 1) : random.below(7);
    const std::size_t hour = key == "hour" ? (second ? 20 : 8) : random.below(24);
    const std::size_t a = random.below(kN);
    const std::size_t b = (a + 1 + random.below(kN - 1)) % kN;
    // The last event is held back: every other session goes on, so that the one before is learned from. A
    // session a week, so that they stay in this order and the half that is measured is those that do not.
    std::size_t time = kMonday + (7 * s + day) * 86'400 + hour * 3600;
    for (const std::size_t item : {a, b, (second ? 2 * kN : kN) + b, 3 * kN}) {
      if (item == 3 * kN && s % 2 == 1) continue;
      log << R"({"session": "s)" << s << R"(", "time": )" << time++ << R"(, "item": "i)" << item << '"';
      if (key == "basket") log << R"(, "context": {"basket": ")" << (second ? "full" : "empty") << "\"}";
      log << "}\n";
    }
  }
}

class MomentDecides : public testing::TestWithParam<const char*> {
 protected:
  double ndcg(const std::string& keys) {
    index::ReindexRequest request;
    request.events = folder_.path() / "events.jsonl";
    request.store = folder_.path() / keys;
    request.threads = 2;
    request.force = true;  // the gate is not what is looked at
    request.models = {"transformer"};
    request.config = tests::quick_config();
    request.config.context.keys = keys;
    request.config.transformer.epochs = 40;
    request.config.transformer.dropout = 0;
    request.config.transformer.validation_sequences = 0;
    request.config.evaluation.max_sequences = 2000;
    index::Progress quiet;
    for (const index::EvaluationRow& row : index::reindex(request, quiet).evaluation) {
      if (row.model == "transformer") return row.metrics.at("ndcg@10");
    }
    return 0;
  }
  tests::TemporaryFolder folder_;
};

TEST_P(MomentDecides, WhatComesNext) {
  write_log(folder_.path() / "events.jsonl", GetParam());
  constexpr double kBlind = 0.8155;  // one of two candidates first: (1 + 1 / log2(3)) / 2
  EXPECT_NEAR(ndcg("none"), kBlind, 0.05);
  EXPECT_GT(ndcg(GetParam()), 0.97);
}

INSTANTIATE_TEST_SUITE_P(Keys, MomentDecides, testing::Values("hour", "weekday", "basket"),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace segue
