#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "index/catalogue.h"
#include "index/event.h"

namespace segue::index {

class Safetensors;

/// One event that models were trained on, as a number: FNV-1a of 64 bits over the sequence's key, a NUL, the
/// count of item events up to and with this one in decimal, a NUL, and the event's item id. Two events that
/// differ share one with a probability of 2^-64.
std::int64_t sequence_digest(std::string_view key, std::size_t item_events, std::string_view item_id);

/// The digests of all item events of some sequences: what a snapshot was trained on, so that an evaluation
/// can refuse to test a model on what it has learnt. Immutable, thread-safe.
class TrainedSequences {
 public:
  /// Where a snapshot keeps it, from the snapshot's folder.
  static constexpr std::string_view kFile = "models/trained_sequences.safetensors";

  /// Of every event on an item of the catalogue. Keys and counts depend on how the log was cut, so an
  /// evaluation has to cut its own in the same way.
  static TrainedSequences of(const EventLog& log, const Catalogue& catalogue);
  /// Maps a file that save() wrote. Throws Error (kDamagedStore) when it is inconsistent.
  static TrainedSequences open(const std::filesystem::path& file);
  /// digests I64 [events], rising. Throws Error (kResource).
  void save(const std::filesystem::path& file) const;

  bool contains(std::int64_t digest) const;
  std::size_t size() const noexcept { return digests_.size(); }

 private:
  TrainedSequences() = default;

  std::span<const std::int64_t> digests_;  // a view of one of the two below
  std::shared_ptr<const std::vector<std::int64_t>> own_;
  std::shared_ptr<const Safetensors> file_;
};

}  // namespace segue::index
