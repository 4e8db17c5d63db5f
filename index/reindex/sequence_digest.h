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

/// The item events of one sequence, in their order, each as a number that is the same wherever the log is cut
/// and whatever part of it is read: FNV-1a of 64 bits over whose event it is (the user of a history, else the
/// session), its time, its item's id, and how many events of the sequence before it were the same in all
/// three, with a NUL between. Events without a time have the empty text for it. Events that differ share a
/// number with a probability of 2^-64. Events on no item of the catalogue have none.
std::vector<std::int64_t> event_digests(const EventLog& log, const Sequence& sequence,
                                        const Catalogue& catalogue);

/// The number of one event without an earlier one that is the same; time: NaN for none. owner: its session,
/// or its user where the log is cut by users.
std::int64_t event_digest(std::string_view owner, double time, std::string_view item);

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
