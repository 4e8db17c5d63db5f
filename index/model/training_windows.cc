#include "index/model/training_windows.h"

#include <algorithm>
#include <utility>

#include "index/model/random_stream.h"

namespace segue::index {

namespace {

/// Uniform in [0, 1) by the number of a draw: no order of drawing to keep.
float uniform(std::uint64_t seed, std::uint64_t number) {
  return static_cast<float>(mix_seed(seed, number) >> 40) * 0x1p-24f;
}

}  // namespace

TrainingWindows::TrainingWindows(const TrainingData& data) {
  if (!data.contexts.empty() && data.sets != nullptr && data.sets->values() > 0) sets_ = data.sets;
  for (std::size_t s = 0; s < data.sequences(); ++s) {
    const auto sequence = data.sequence(s);
    if (sequence.size() >= 2) vocabulary_.insert(vocabulary_.end(), sequence.begin(), sequence.end());
  }
  std::sort(vocabulary_.begin(), vocabulary_.end());
  vocabulary_.erase(std::unique(vocabulary_.begin(), vocabulary_.end()), vocabulary_.end());
  frequency_.resize(vocabulary_.size());
  for (std::size_t s = 0; s < data.sequences(); ++s) {
    const auto sequence = data.sequence(s);
    if (sequence.size() < 2) continue;
    for (const ItemId item : sequence) {
      const auto row = std::lower_bound(vocabulary_.begin(), vocabulary_.end(), item) - vocabulary_.begin();
      ++frequency_[static_cast<std::size_t>(row)];
      rows_.push_back(static_cast<std::uint32_t>(row));
    }
    if (sets_ != nullptr) {
      const auto contexts = std::span(data.contexts).subspan(data.offsets[s], sequence.size());
      contexts_.insert(contexts_.end(), contexts.begin(), contexts.end());
    }
    offsets_.push_back(rows_.size());
    positions_ += sequence.size() - 1;
  }
}

void TrainingWindows::forget_contexts() {
  sets_.reset();
  contexts_.clear();
}

void TrainingWindows::start_epoch(const BatchLimits& limits, std::uint64_t seed, std::size_t epoch) {
  limits_ = limits;
  windows_.clear();
  next_ = 0;
  RandomStream random(mix_seed(seed, epoch));
  context_seed_ = mix_seed(~seed, epoch);
  for (std::size_t s = 0; s + 1 < offsets_.size(); ++s) {
    const std::size_t last = offsets_[s + 1] - 1;  // the last event is a target only
    std::size_t begin = offsets_[s];
    if (last - begin > limits.window) {
      const std::size_t head = random.below(limits.window);
      if (head > 0) windows_.push_back({begin, head});
      begin += head;
    }
    for (; begin < last; begin += limits.window)
      windows_.push_back({begin, std::min(limits.window, last - begin)});
  }
  for (std::size_t i = windows_.size(); i > 1; --i) std::swap(windows_[i - 1], windows_[random.below(i)]);
}

std::size_t TrainingWindows::step_end(std::size_t first) const {
  std::size_t end = first;
  std::size_t positions = 0;
  while (end < windows_.size() && end - first < limits_.sequences) {
    positions += windows_[end].length;
    if (end > first && positions > limits_.positions) break;
    ++end;
  }
  return end;
}

std::size_t TrainingWindows::steps() const {
  std::size_t steps = 0;
  for (std::size_t window = 0; window < windows_.size(); window = step_end(window)) ++steps;
  return steps;
}

bool TrainingWindows::next(TrainingBatch& batch) {
  batch.clear();
  for (const std::size_t end = step_end(next_); next_ < end; ++next_) {
    const auto first = rows_.begin() + static_cast<std::ptrdiff_t>(windows_[next_].begin);
    const auto count = static_cast<std::ptrdiff_t>(windows_[next_].length);
    batch.inputs.insert(batch.inputs.end(), first, first + count);
    batch.targets.insert(batch.targets.end(), first + 1, first + count + 1);
    batch.offsets.push_back(static_cast<std::uint32_t>(batch.inputs.size()));
    if (sets_ != nullptr) deal_contexts(windows_[next_], batch);
  }
  return batch.positions() > 0;
}

void TrainingWindows::deal_contexts(const Window& window, TrainingBatch& batch) const {
  batch.sets = sets_.get();
  const auto deal = [&](std::size_t place, std::uint64_t draw) {
    const bool kept = limits_.context_dropout <= 0 || uniform(context_seed_, draw) >= limits_.context_dropout;
    return kept ? contexts_[place] : ContextSets::kNone;
  };
  for (std::size_t place = window.begin; place < window.begin + window.length; ++place) {
    batch.input_contexts.push_back(deal(place, 2 * place));
    batch.target_contexts.push_back(deal(place + 1, 2 * place + 1));
  }
}

}  // namespace segue::index
