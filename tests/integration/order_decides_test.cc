// Where the order of a session decides what comes next, models that ignore it lose and the blend does not
// follow them.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "index/model/random_stream.h"
#include "index/reindex/reindexer.h"
#include "tests/support/small_shop.h"

namespace segue {
namespace {

constexpr std::size_t kN = 12;
constexpr std::size_t kRepeats = 12;

/// After the pair (a, b) comes n + (a + 2b + 1) mod n, and every pair occurs in both orders equally often:
/// which items a session holds leaves two candidates, and only their order tells which. The last event of
/// each session is held back, so every other session goes on to an item that ends it, and is learned from.
void write_ordered_log(const std::filesystem::path& file) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t r = 0; r < kRepeats; ++r) {
    for (std::size_t a = 0; a < kN; ++a) {
      for (std::size_t b = 0; b < kN; ++b) {
        if (a != b) pairs.emplace_back(a, b);
      }
    }
  }
  index::RandomStream random(5);
  for (std::size_t i = pairs.size(); i-- > 1;) std::swap(pairs[i], pairs[random.below(i + 1)]);
  std::ofstream log(file);
  for (std::size_t s = 0; s < pairs.size(); ++s) {
    const auto [a, b] = pairs[s];
    std::vector<std::size_t> session{a, b, kN + (a + 2 * b + 1) % kN};
    if (s % 2 == 0) session.push_back(2 * kN);
    std::size_t time = s * 100;
    for (const std::size_t item : session)
      log << R"({"session": "s)" << s << R"(", "time": )" << time++ << R"(, "item": "i)" << item << "\"}\n";
  }
}

TEST(OrderDecides, ModelsThatIgnoreItLoseAndTheBlendFollowsThoseThatSeeIt) {
  const tests::TemporaryFolder folder;
  index::ReindexRequest request;
  request.events = folder.path() / "events.jsonl";
  request.store = folder.path() / "store";
  request.threads = 2;
  request.force = true;  // the gate is not what is looked at
  request.models = {"mf", "item-neighbours", "user-neighbours", "transformer"};
  request.config = tests::quick_config();
  request.config.transformer.epochs = 120;
  request.config.transformer.dropout = 0;
  request.config.transformer.validation_sequences = 0;
  request.config.evaluation.max_sequences = 2000;
  write_ordered_log(request.events);
  index::Progress quiet;
  const index::ReindexReport report = index::reindex(request, quiet);

  const auto ndcg = [&](const char* model) {
    for (const index::EvaluationRow& row : report.evaluation) {
      if (row.model == model) return row.metrics.at("ndcg@10");
    }
    ADD_FAILURE() << "no figure of " << model;
    return 0.0;
  };
  // Half of the sessions with one of two candidates first, (1 + 1 / log2(3)) / 2, the others right.
  constexpr double kBlind = (0.8155 + 1) / 2;
  EXPECT_LT(ndcg("mf"), kBlind + 0.02);
  EXPECT_LT(ndcg("item-neighbours"), kBlind + 0.02);
  EXPECT_LT(ndcg("user-neighbours"), kBlind + 0.02);
  EXPECT_GT(ndcg("transformer"), 0.95);
  EXPECT_GE(ndcg("blend"), ndcg("transformer") - 0.005);
}

}  // namespace
}  // namespace segue
