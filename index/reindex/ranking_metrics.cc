#include "index/reindex/ranking_metrics.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "kernels/error.h"

namespace segue::index {

namespace {

using Kind = RankingMetric::Kind;
constexpr std::size_t kCoverageDepth = 10;
constexpr std::array<std::pair<std::string_view, Kind>, 8> kNames{{{"hr", Kind::kHitRate},
                                                                   {"recall", Kind::kRecall},
                                                                   {"ndcg", Kind::kNdcg},
                                                                   {"mrr", Kind::kMrr},
                                                                   {"coverage", Kind::kCoverage},
                                                                   {"gini", Kind::kGini},
                                                                   {"novelty", Kind::kNovelty},
                                                                   {"tail", Kind::kTail}}};

std::optional<RankingMetric> parse_metric(std::string_view text) {
  const std::size_t at = text.find('@');
  const auto name = std::find_if(kNames.begin(), kNames.end(),
                                 [&](const auto& entry) { return entry.first == text.substr(0, at); });
  if (name == kNames.end()) return std::nullopt;
  if (at == std::string_view::npos) {
    if (name->second != Kind::kCoverage) return std::nullopt;
    return RankingMetric{Kind::kCoverage, kCoverageDepth};
  }
  const std::string_view digits = text.substr(at + 1);
  std::size_t k = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), k);
  if (error != std::errc{} || end != digits.data() + digits.size() || k == 0) return std::nullopt;
  return RankingMetric{name->second, k};
}

std::string lower(std::string_view text) {
  std::string small(text);
  for (char& c : small) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return small;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

std::string RankingMetric::name() const {
  const auto entry =
      std::find_if(kNames.begin(), kNames.end(), [&](const auto& e) { return e.second == kind; });
  std::string text(entry->first);
  if (kind == Kind::kCoverage && k == kCoverageDepth) return text;
  return text + "@" + std::to_string(k);
}

bool RankingMetric::of_lists() const {
  return kind == Kind::kCoverage || kind == Kind::kGini || kind == Kind::kNovelty || kind == Kind::kTail;
}

bool RankingMetric::is_mean() const {
  return kind != Kind::kCoverage && kind != Kind::kGini;
}

double RankingMetric::at(double rank) const {
  if (of_lists()) throw std::invalid_argument(name() + " is no figure of a single rank");
  if (!(rank <= static_cast<double>(k))) return 0;
  if (kind == Kind::kNdcg) return 1 / std::log2(rank + 1);
  return kind == Kind::kMrr ? 1 / rank : 1;
}

std::vector<RankingMetric> headline_metrics() {
  return {kHitRate10, kNdcg10};
}

std::vector<RankingMetric> parse_ranking_metrics(std::string_view list) {
  std::vector<RankingMetric> metrics;
  while (true) {
    const std::size_t comma = list.find(',');
    const std::string_view text = trimmed(list.substr(0, comma));
    const auto metric = parse_metric(lower(text));
    if (!metric) {
      throw Error(
          ErrorKind::kUsage, "\"" + std::string(text) + "\" is no ranking metric", "--metrics",
          "use hr@K, recall@K, ndcg@K, mrr@K, coverage, gini@K, novelty@K or tail@K, separated by commas");
    }
    if (std::find(metrics.begin(), metrics.end(), *metric) != metrics.end()) {
      throw Error(ErrorKind::kUsage, metric->name() + " is asked for twice", "--metrics");
    }
    metrics.push_back(*metric);
    if (comma == std::string_view::npos) return metrics;
    list.remove_prefix(comma + 1);
  }
}

double gini_coefficient(std::vector<double> numbers) {
  std::sort(numbers.begin(), numbers.end());
  const double n = static_cast<double>(numbers.size());
  double sum = 0;
  double ranked = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    sum += numbers[i];
    ranked += (2 * static_cast<double>(i + 1) - n - 1) * numbers[i];
  }
  return sum > 0 ? ranked / (n * sum) : 0;
}

double mean_metric(const RankingMetric& metric, std::span<const double> ranks) {
  if (ranks.empty()) return 0;
  double sum = 0;
  for (const double rank : ranks) sum += metric.at(rank);
  return sum / static_cast<double>(ranks.size());
}

}  // namespace segue::index
