#include "index/model/session_neighbours.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "index/model/distinct_sequences.h"
#include "index/model/metadata.h"
#include "index/model/sparse_scores.h"

namespace segue::index {
namespace {

bool in_range(const SessionNeighbourOptions& options) {
  const auto at_least_0 = [](double value) { return std::isfinite(value) && value >= 0; };
  return options.max_items > 0 && options.history > 0 && options.voters > 0 && options.max_sequences > 0 &&
         options.sample > 0 && options.max_distance > 0 && at_least_0(options.match_decay) &&
         options.match_decay <= 1 && at_least_0(options.idf_exponent) &&
         at_least_0(options.distance_exponent) && options.before_weight >= 0 && options.before_weight <= 1 &&
         is_decay_rate(options.decay, options.decay_rate);
}

}  // namespace

SessionNeighbours::SessionNeighbours(SessionNeighbourOptions options, const Catalogue& catalogue,
                                     SequenceIndex index)
    : options_(options), catalogue_(&catalogue), sizes_(GroupSizes::of(catalogue)), index_(std::move(index)) {
  by_distance_.push_back(1);
  for (std::size_t d = 1; d <= options_.max_distance; ++d)
    by_distance_.push_back(std::pow(static_cast<double>(d), -options_.distance_exponent));
}

std::unique_ptr<SessionNeighbours> SessionNeighbours::train(const TrainingData& data,
                                                            const SessionNeighbourOptions& options,
                                                            const Catalogue& catalogue) {
  if (!in_range(options)) throw std::invalid_argument("a constant of the session neighbours is out of range");
  if (data.item_count != catalogue.size())
    throw std::invalid_argument("data and catalogue differ in their items");
  DistinctSequences sequences = distinct_sequences(data, options.max_items);
  std::fill(sequences.weights.begin(), sequences.weights.end(), 1.0f);
  ItemSequences by_item = sequences_by_item(sequences, data.item_count, options.max_sequences);
  return std::unique_ptr<SessionNeighbours>(
      new SessionNeighbours(options, catalogue, SequenceIndex(std::move(sequences), std::move(by_item))));
}

std::unique_ptr<SessionNeighbours> SessionNeighbours::open(const std::filesystem::path& file,
                                                           const Catalogue& catalogue) {
  const auto tensors = Safetensors::open(file);
  SessionNeighbourOptions options;
  options.max_items = count_metadata(*tensors, "max_items");
  options.history = count_metadata(*tensors, "history");
  options.decay = decay_metadata(*tensors, "decay");
  options.decay_rate = number_metadata(*tensors, "decay_rate");
  options.match_decay = number_metadata(*tensors, "match_decay");
  options.idf_exponent = number_metadata(*tensors, "idf_exponent");
  options.distance_exponent = number_metadata(*tensors, "distance_exponent");
  options.before_weight = number_metadata(*tensors, "before_weight");
  options.voters = count_metadata(*tensors, "voters");
  options.max_sequences = count_metadata(*tensors, "max_sequences");
  options.sample = count_metadata(*tensors, "sample");
  options.max_distance = count_metadata(*tensors, "max_distance");
  if (!in_range(options)) refuse(*tensors, "a constant in the metadata is out of range");
  return std::unique_ptr<SessionNeighbours>(
      new SessionNeighbours(options, catalogue, SequenceIndex(tensors, catalogue.size())));
}

void SessionNeighbours::save(const std::filesystem::path& file) const {
  SafetensorsWriter writer;
  index_.add_to(writer);
  writer.metadata("max_items", std::to_string(options_.max_items));
  writer.metadata("history", std::to_string(options_.history));
  writer.metadata("decay", to_string(options_.decay));
  writer.metadata("decay_rate", number_text(options_.decay_rate));
  writer.metadata("match_decay", number_text(options_.match_decay));
  writer.metadata("idf_exponent", number_text(options_.idf_exponent));
  writer.metadata("distance_exponent", number_text(options_.distance_exponent));
  writer.metadata("before_weight", number_text(options_.before_weight));
  writer.metadata("voters", std::to_string(options_.voters));
  writer.metadata("max_sequences", std::to_string(options_.max_sequences));
  writer.metadata("sample", std::to_string(options_.sample));
  writer.metadata("max_distance", std::to_string(options_.max_distance));
  writer.write(file);
}

double SessionNeighbours::vote(const Voter& voter, std::size_t place) const {
  const bool before = place <= voter.match_place;
  const std::size_t distance = before ? voter.match_place - place : place - voter.match_place;
  if (distance > options_.max_distance) return 0;
  const double match = std::max(0.0, 1 - options_.match_decay * static_cast<double>(voter.newest_shared));
  return match * by_distance_[distance] * (before ? options_.before_weight : 1);
}

double SessionNeighbours::item_factor(ItemId item) const {
  return options_.idf_exponent == 0 ? 1 : std::pow(index_.idf(item), options_.idf_exponent);
}

std::unique_ptr<EncodedSession> SessionNeighbours::encode(const SessionView& view) const {
  WeightedItems session;
  session.items = newest_distinct(view.items, options_.history, [&](ItemId item) { return knows(item); });
  if (session.items.empty()) return nullptr;
  for (std::size_t p = 0; p < session.items.size(); ++p) {
    session.weights.push_back(
        history_decay(options_.decay, options_.decay_rate, p + 1, session.items.size()));
  }
  auto voters = find_voters(index_, session, {options_.sample, options_.voters, 0});
  SparseScores scores;
  for (const Voter& voter : voters) {
    const auto held = index_.items_of(voter.sequence);
    const std::size_t first = voter.match_place - std::min(voter.match_place, options_.max_distance);
    const std::size_t end = std::min(held.size(), voter.match_place + options_.max_distance + 1);
    for (std::size_t place = first; place < end; ++place) {
      const double value = vote(voter, place);
      if (value > 0) scores.add(static_cast<ItemId>(held[place]), voter.similarity * value);
    }
  }
  scores.transform([&](ItemId item, double sum) { return sum * item_factor(item); });
  return std::make_unique<VotingSession<SessionNeighbours>>(*catalogue_, sizes_, *this, std::move(session),
                                                            std::move(voters), std::move(scores));
}

}  // namespace segue::index
