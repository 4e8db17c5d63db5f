#include "index/model/item_neighbours.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "index/model/distinct_sequences.h"
#include "index/model/metadata.h"
#include "index/model/sparse_scores.h"
#include "index/safetensors.h"
#include "index/top_items.h"

namespace segue::index {
namespace {

constexpr std::size_t kRowsPerBlock = 64;
constexpr std::size_t kBlocksPerReport = 64;
constexpr std::size_t kAllSequences = std::size_t{1} << 31;

bool in_range(const ItemNeighbourOptions& options) {
  const auto at_least_0 = [](double value) { return std::isfinite(value) && value >= 0; };
  return options.max_items > 0 && options.history > 0 && options.max_neighbours > 0 &&
         at_least_0(options.weight_exponent) && at_least_0(options.length_exponent) &&
         options.asymmetry >= 0 && options.asymmetry <= 1 && at_least_0(options.shrink) &&
         is_decay_rate(options.decay, options.decay_rate);
}

/// The sequences from both sides, weighted; makes one row of the model at a time, so that memory never holds
/// all pairs.
class CosineRows {
 public:
  CosineRows(const TrainingData& data, const ItemNeighbourOptions& options)
      : options_(options), sequences_(distinct_sequences(data, options.max_items)), norms_(data.item_count) {
    for (std::size_t s = 0; s < sequences_.sequences(); ++s) {
      const double damping = std::pow(static_cast<double>(sequences_.length(s)), options.length_exponent);
      for (auto p = begin(s); p < begin(s + 1); ++p) {
        float& weight = sequences_.weights[p];
        weight = static_cast<float>(std::pow(static_cast<double>(weight), options.weight_exponent) / damping);
        norms_[static_cast<std::size_t>(sequences_.items[p])] += static_cast<double>(weight) * weight;
      }
    }
    by_item_ = sequences_by_item(sequences_, data.item_count, kAllSequences);
  }

  /// Row `item`, nearest first. Workspaces are the caller's, one of each per thread.
  std::vector<ItemNeighbour> row(ItemId item, SparseScores& dots, std::vector<std::size_t>& common) const {
    dots.clear();
    common.clear();
    for (auto p = by_item_.offsets[item]; p < by_item_.offsets[item + 1]; ++p) {
      const auto at = static_cast<std::size_t>(p);
      const auto s = static_cast<std::size_t>(by_item_.sequences[at]);
      const double own = by_item_.weights[at];
      for (auto other = begin(s); other < begin(s + 1); ++other) {
        const std::size_t place =
            dots.add(static_cast<ItemId>(sequences_.items[other]), own * sequences_.weights[other]);
        if (place == common.size()) common.push_back(0);
        ++common[place];
      }
    }
    std::vector<ItemNeighbour> row;
    const double own_norm = std::pow(norms_[item], 1 - options_.asymmetry);
    for (std::size_t e = 0; e < common.size(); ++e) {
      const ScoredItem& dot = dots.entries()[e];
      if (dot.item == item) continue;
      const double n = static_cast<double>(common[e]);
      const double norm = own_norm * std::pow(norms_[dot.item], options_.asymmetry);
      const double value = static_cast<float>(dot.score / norm * n / (n + options_.shrink));
      if (value > 0) row.push_back({dot.item, value, common[e]});
    }
    const auto nearer = [](const ItemNeighbour& a, const ItemNeighbour& b) {
      return ranks_before({a.item, a.similarity}, {b.item, b.similarity});
    };
    const std::size_t most = std::min(row.size(), options_.max_neighbours);
    std::partial_sort(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(most), row.end(), nearer);
    // A copy: the whole row's memory would stay with the part that is kept.
    return {row.begin(), row.begin() + static_cast<std::ptrdiff_t>(most)};
  }

 private:
  std::size_t begin(std::size_t s) const { return static_cast<std::size_t>(sequences_.offsets[s]); }

  const ItemNeighbourOptions& options_;
  DistinctSequences sequences_;
  ItemSequences by_item_;
  std::vector<double> norms_;  // dot(i, i)
};

}  // namespace

/// The sums over a session's newest items, made once when it is encoded.
class ItemNeighbours::Session final : public SparseSession {
 public:
  Session(const ItemNeighbours& model, std::vector<ScoredItem> newest, SparseScores scores)
      : SparseSession(*model.catalogue_, model.sizes_, std::move(scores)),
        model_(model),
        newest_(std::move(newest)) {}

  std::vector<ScoredItem> because(ItemId item, std::size_t k) const override {
    std::vector<ScoredItem> parts;
    for (const ScoredItem& own : newest_) {
      const double part = own.score * model_.pair_score(own.item, item);
      if (part > 0) parts.push_back({own.item, part});
    }
    keep_best(parts, k);
    return parts;
  }

 private:
  const ItemNeighbours& model_;
  std::vector<ScoredItem> newest_;  // the items that were looked at, with their decay
};

ItemNeighbours::ItemNeighbours(ItemNeighbourOptions options, const Catalogue& catalogue)
    : options_(options), catalogue_(&catalogue), sizes_(GroupSizes::of(catalogue)) {}

ItemNeighbours::~ItemNeighbours() = default;

std::unique_ptr<ItemNeighbours> ItemNeighbours::train(const TrainingData& data,
                                                      const ItemNeighbourOptions& options,
                                                      const Catalogue& catalogue, kernels::ThreadPool& pool,
                                                      Progress& progress) {
  if (!in_range(options)) throw std::invalid_argument("a constant of the item neighbours is out of range");
  if (data.item_count != catalogue.size())
    throw std::invalid_argument("data and catalogue differ in their items");
  std::unique_ptr<ItemNeighbours> model(new ItemNeighbours(options, catalogue));
  const CosineRows rows(data, model->options_);
  model->own_offsets_.push_back(0);
  std::vector<std::vector<ItemNeighbour>> chunk(kRowsPerBlock * kBlocksPerReport);
  for (std::size_t first = 0; first < data.item_count; first += chunk.size()) {
    const std::size_t count = std::min(chunk.size(), data.item_count - first);
    pool.run((count + kRowsPerBlock - 1) / kRowsPerBlock, [&](std::size_t block) {
      SparseScores dots;
      std::vector<std::size_t> common;
      for (std::size_t r = block * kRowsPerBlock; r < std::min(count, (block + 1) * kRowsPerBlock); ++r) {
        chunk[r] = rows.row(static_cast<ItemId>(first + r), dots, common);
      }
    });
    for (std::size_t r = 0; r < count; ++r) {
      for (const ItemNeighbour& entry : chunk[r]) {
        model->own_neighbours_.push_back(static_cast<std::int32_t>(entry.item));
        model->own_values_.push_back(static_cast<float>(entry.similarity));
        model->own_common_.push_back(static_cast<std::int32_t>(entry.common));
      }
      model->own_offsets_.push_back(static_cast<std::int64_t>(model->own_neighbours_.size()));
    }
    progress.update(static_cast<double>(first + count), static_cast<double>(data.item_count));
    progress.check();
  }
  model->offsets_ = model->own_offsets_;
  model->neighbours_ = model->own_neighbours_;
  model->values_ = model->own_values_;
  model->common_ = model->own_common_;
  return model;
}

std::unique_ptr<ItemNeighbours> ItemNeighbours::open(const std::filesystem::path& file,
                                                     const Catalogue& catalogue) {
  const auto tensors = Safetensors::open(file);
  ItemNeighbourOptions options;
  options.max_items = count_metadata(*tensors, "max_items");
  options.weight_exponent = number_metadata(*tensors, "weight_exponent");
  options.length_exponent = number_metadata(*tensors, "length_exponent");
  options.asymmetry = number_metadata(*tensors, "asymmetry");
  options.shrink = number_metadata(*tensors, "shrink");
  options.history = count_metadata(*tensors, "history");
  options.decay = decay_metadata(*tensors, "decay");
  options.decay_rate = number_metadata(*tensors, "decay_rate");
  options.max_neighbours = count_metadata(*tensors, "max_neighbours");
  if (!in_range(options)) refuse(*tensors, "a constant in the metadata is out of range");

  std::unique_ptr<ItemNeighbours> model(new ItemNeighbours(options, catalogue));
  model->offsets_ = tensors->i64("offsets");
  model->neighbours_ = tensors->i32("neighbours");
  model->values_ = tensors->vector("values", model->neighbours_.size());
  model->common_ = tensors->i32("common");
  if (!are_offsets(model->offsets_, catalogue.size(), model->neighbours_.size()) ||
      model->common_.size() != model->neighbours_.size()) {
    refuse(*tensors, "offsets do not divide the pairs among " + std::to_string(catalogue.size()) + " items");
  }
  for (const std::int32_t item : model->neighbours_) {
    if (item < 0 || static_cast<std::size_t>(item) >= catalogue.size())
      refuse(*tensors, "neighbours holds " + std::to_string(item) + ", which is no item");
  }
  model->file_ = tensors;
  return model;
}

void ItemNeighbours::save(const std::filesystem::path& file) const {
  SafetensorsWriter writer;
  writer.add("offsets", {offsets_.size()}, offsets_);
  writer.add("neighbours", {neighbours_.size()}, neighbours_);
  writer.add("values", {values_.size()}, values_);
  writer.add("common", {common_.size()}, common_);
  writer.metadata("max_items", std::to_string(options_.max_items));
  writer.metadata("weight_exponent", number_text(options_.weight_exponent));
  writer.metadata("length_exponent", number_text(options_.length_exponent));
  writer.metadata("asymmetry", number_text(options_.asymmetry));
  writer.metadata("shrink", number_text(options_.shrink));
  writer.metadata("history", std::to_string(options_.history));
  writer.metadata("decay", to_string(options_.decay));
  writer.metadata("decay_rate", number_text(options_.decay_rate));
  writer.metadata("max_neighbours", std::to_string(options_.max_neighbours));
  writer.write(file);
}

std::vector<ItemNeighbour> ItemNeighbours::neighbours(ItemId item, std::size_t k) const {
  const auto items = row(neighbours_, item);
  std::vector<ItemNeighbour> nearest;
  for (std::size_t i = 0; i < std::min(k, items.size()); ++i) {
    nearest.push_back({static_cast<ItemId>(items[i]), row(values_, item)[i],
                       static_cast<std::size_t>(row(common_, item)[i])});
  }
  return nearest;
}

double ItemNeighbours::pair_score(ItemId from, ItemId to) const {
  const auto items = row(neighbours_, from);
  const auto found = std::find(items.begin(), items.end(), static_cast<std::int32_t>(to));
  return found == items.end() ? 0 : row(values_, from)[static_cast<std::size_t>(found - items.begin())];
}

std::unique_ptr<EncodedSession> ItemNeighbours::encode(const SessionView& view) const {
  std::vector<ScoredItem> newest;
  std::size_t pairs = 0;
  for (const ItemId item :
       newest_distinct(view.items, options_.history, [&](ItemId known) { return knows(known); })) {
    newest.push_back({item, 0});
    pairs += row(neighbours_, item).size();
  }
  if (newest.empty()) return nullptr;
  SparseScores scores(pairs);
  for (std::size_t k = 0; k < newest.size(); ++k) {
    newest[k].score = history_decay(options_.decay, options_.decay_rate, k + 1, newest.size());
    const auto others = row(neighbours_, newest[k].item);
    const auto values = row(values_, newest[k].item);
    for (std::size_t n = 0; n < others.size(); ++n) {
      scores.add(static_cast<ItemId>(others[n]), newest[k].score * values[n]);
    }
  }
  return std::make_unique<Session>(*this, std::move(newest), std::move(scores));
}

}  // namespace segue::index
