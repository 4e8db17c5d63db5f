// What nobody has touched is found by what it says, and costs the other items little.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>

#include "index/model/blend.h"
#include "index/reindex/evaluation.h"
#include "index/reindex/reindexer.h"
#include "index/snapshot/snapshot.h"
#include "index/snapshot/snapshot_store.h"
#include "tests/support/small_shop.h"

namespace segue {
namespace {

constexpr std::size_t kThemes = 30;
constexpr std::size_t kPerTheme = 12;
constexpr std::size_t kHiddenPerTheme = 1;
constexpr std::size_t kWarm = kPerTheme - kHiddenPerTheme;
constexpr std::size_t kNone = kThemes * kPerTheme;

/// Items of thirty themes that their titles tell; each session keeps to one theme, but that every second
/// event is on the partner of the one before, anywhere. So one model finds the themes and another the pairs,
/// and the blend is ahead of both. The last item of each theme has no event.
struct ThemedShop {
  tests::TemporaryFolder folder;
  std::filesystem::path items = folder.path() / "items.jsonl";
  std::filesystem::path events = folder.path() / "events.jsonl";
  std::mt19937_64 random{11};

  std::size_t below(std::size_t n) { return random() % n; }
  static std::string id(std::size_t theme, std::size_t item) {
    return "t" + std::to_string(theme) + "-" + static_cast<char>('a' + item);
  }
  /// Words without common trigrams, so that themes are apart.
  std::string title(std::size_t theme) {
    const char first = static_cast<char>('a' + theme % 26);
    const char second = static_cast<char>(theme < 26 ? 'x' : 'q');
    std::string text;
    for (int word = 0; word < 3; ++word)
      text += std::string{first, second, first, second} + static_cast<char>('a' + below(6)) + " ";
    return text;
  }

  ThemedShop() {
    std::ofstream catalogue(items);
    for (std::size_t t = 0; t < kThemes; ++t) {
      for (std::size_t i = 0; i < kPerTheme; ++i)
        catalogue << R"({"id": ")" << id(t, i) << R"(", "title": ")" << title(t) << "\"}\n";
    }
    std::vector<std::size_t> partner(kThemes * kWarm);
    std::iota(partner.begin(), partner.end(), 0);
    std::shuffle(partner.begin(), partner.end(), random);
    std::ofstream log(events);
    for (std::size_t s = 0; s < 600; ++s) {
      const std::size_t theme = below(kThemes);
      std::size_t last = kNone;
      for (std::size_t e = 0; e < 6; ++e) {
        const bool follows = last != kNone && below(2) == 0;
        last = follows ? partner[last] : theme * kWarm + below(kWarm);
        log << R"({"session": "s)" << s << R"(", "time": )" << s * 1000 + e << R"(, "item": ")"
            << id(last / kWarm, last % kWarm) << "\"}\n";
      }
    }
  }

  std::shared_ptr<const index::Snapshot> trained(const std::string& name,
                                                 const std::vector<std::string>& models, double cost,
                                                 const kernels::Backend& backend,
                                                 std::size_t most = 4000) const {
    index::ReindexRequest request;
    request.items = items;
    request.events = events;
    request.store = folder.path() / name;
    request.models = models;
    request.config = tests::quick_config();
    request.config.evaluation.max_sequences = 2000;
    request.config.blend.new_items_cost = cost;
    index::Progress quiet;
    request.config.blend.max_sequences = most;
    const index::ReindexReport report = index::reindex(request, quiet);
    const index::SnapshotStore store(request.store);
    return index::Snapshot::open(store, report.snapshot, backend);
  }
};

/// HR@10 of the hidden items, each asked for after three others of its theme.
double hit_rate(const index::Snapshot& snapshot) {
  const index::Catalogue& catalogue = snapshot.catalogue();
  std::vector<index::HeldOut> asked;
  for (std::size_t t = 0; t < kThemes; ++t) {
    for (std::size_t i = 0; i + 3 < kPerTheme; ++i) {
      index::HeldOut one;
      for (std::size_t e = 0; e < 3; ++e) {
        const std::size_t item = (i + 2 * e) % kWarm;
        one.prefix.push_back(catalogue.find(ThemedShop::id(t, item)));
      }
      one.target = catalogue.find(ThemedShop::id(t, kPerTheme - 1));
      asked.push_back(std::move(one));
    }
  }
  kernels::ThreadPool pool(2);
  index::Progress quiet;
  index::EvaluationOptions options;
  options.metrics = index::parse_ranking_metrics("hr@10");
  return index::Evaluator(catalogue.searchable(), pool, quiet)
      .evaluate(index::scorer_of(*snapshot.blend()), asked, options)
      .values[0];
}

TEST(NewItems, AreFoundByWhatTheySayAndTheBlendWeighsThem) {
  ThemedShop shop;
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  // A tenth at most: themes are nearly all there is, so a newcomer takes the place of another item of its
  // theme.
  const auto snapshot = shop.trained("with", {"mf", "transitions", "content"}, 0.1, *backend);
  constexpr double kChance = 10.0 / (kThemes * kPerTheme);
  EXPECT_GT(hit_rate(*snapshot), 4 * kChance);

  const index::BlendWeights& weights = snapshot->blend()->weights();
  double of_new = 0;
  for (std::size_t m = 0; m < weights.models.size(); ++m) {
    if (weights.models[m] == "content" || weights.models[m] == "mf") of_new += weights.at(m, 2, 0);
  }
  EXPECT_GT(of_new, 0);
  const nlohmann::json& measured = snapshot->manifest().evaluation.at("new_items");
  EXPECT_GT(measured.at("targets").get<int>(), 20);
  EXPECT_LT(measured.at("cost").get<double>(), 0.1) << "so much would bring the blend below a part";
  EXPECT_GE(measured.at("others").at("hr@10").get<double>(),
            0.9 * measured.at("others").at("hr@10 without").get<double>());
  // A typed text that is no title leads there, too: the new item among its theme.
  const std::vector<std::string> texts{"bxbxa bxbxb bxbxc"};
  index::SessionView session;
  session.texts = texts;
  const index::SessionModel* content = snapshot->model("content");
  ASSERT_NE(content, nullptr);
  const auto top = content->encode(session)->top(kPerTheme, nullptr);
  ASSERT_EQ(top.size(), kPerTheme);
  bool found = false;
  for (const index::ScoredItem& hit : top) {
    EXPECT_EQ(std::string(snapshot->catalogue().id(hit.item)).substr(0, 3), "t1-");
    found = found || snapshot->catalogue().id(hit.item) == ThemedShop::id(1, kPerTheme - 1);
  }
  EXPECT_TRUE(found);
}

TEST(ThePublishedBlend, IsFittedOnAllSequencesOnceItHasPassed) {
  ThemedShop shop;
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  const auto all = shop.trained("all", {"mf", "transitions", "content"}, 0.1, *backend);
  const nlohmann::json& measured = all->manifest().evaluation;
  const auto half = measured.at("fitted_on").get<std::size_t>();
  EXPECT_EQ(measured.at("blend_refit").at("sequences"), half + measured.at("sequences").get<std::size_t>());
  EXPECT_TRUE(measured.at("blend_refit").at("method").is_string());

  // A half as large as a sample may be: the fit on it is what is published.
  const auto capped = shop.trained("capped", {"mf", "transitions", "content"}, 0.1, *backend, half);
  EXPECT_EQ(capped->manifest().evaluation.at("models"), measured.at("models"));
  EXPECT_FALSE(capped->manifest().evaluation.contains("blend_refit"));
  EXPECT_NE(capped->blend()->weights(), all->blend()->weights());
}

TEST(NewItems, ChangeNothingWhereNoContentPlacesThem) {
  ThemedShop shop;
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  const auto with = shop.trained("a", {"mf", "transitions"}, 0.1, *backend);
  const auto without = shop.trained("b", {"mf", "transitions"}, 0, *backend);
  EXPECT_EQ(with->blend()->weights(), without->blend()->weights());
  EXPECT_EQ(with->manifest().evaluation, without->manifest().evaluation);
  EXPECT_EQ(with->manifest().gate, without->manifest().gate);
  EXPECT_EQ(hit_rate(*with), 0);
}

}  // namespace
}  // namespace segue
