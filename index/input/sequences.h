#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "index/event.h"

namespace segue::index {

/// Distinct names, numbered in the order of their first occurrence. Thread-compatible.
class NameTable {
 public:
  static constexpr std::uint32_t kNone = LogEvent::kNone;

  NameTable() = default;
  NameTable(NameTable&&) = default;
  NameTable& operator=(NameTable&&) = default;

  /// The number of a name, a new one if need be; kNone for the empty name.
  std::uint32_t add(std::string_view name);
  std::size_t size() const noexcept { return names_.size(); }
  const std::string& operator[](std::uint32_t number) const { return *names_[number]; }
  std::vector<std::string> list() const;

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<const std::string*> names_;  // the keys of numbers_, which do not move
  std::uint32_t last_ = kNone;
};

struct SequenceOptions {
  /// Seconds without an event that end a session where the log names none; infinity: never.
  double gap = 1800;
  /// The whole history of each user is one sequence, whatever the sessions' names.
  bool whole_users = false;
};

/// Which rows of a log follow each other. The rules:
/// - Rows with a session's name are that session. Its user is the one that any of its rows states; where rows
/// of one name
///   state several users, each user's rows are a session of their own, and so are those without a user.
/// - Rows with a user alone are that user's history, cut where the next event comes more than `gap` later.
/// - With whole_users all rows of a user are one sequence; rows that no user is known for stay by session.
/// - Rows are in the order of time, equal times in the order of the file. Where a row of a group lacks a
/// time, the whole
///   group is in the order of the file, and is not cut.
class SequenceBuilder {
 public:
  explicit SequenceBuilder(const SequenceOptions& options) : options_(options) {}

  /// Row n is the n-th call. Takes session, user and time.
  void add(const Event& event);

  struct Result {
    std::vector<std::uint32_t> rows;  ///< all rows; each sequence is a range of it
    std::vector<Sequence> sequences;  ///< as EventLog has them: [begin, end) of rows
    std::vector<std::string> users;
    std::size_t divided_sessions = 0;  ///< sessions whose rows state several users
    std::size_t untimed_groups = 0;    ///< sessions and histories in the order of the file
  };
  /// Throws Error (kResource) for more than 2^32 - 2 rows.
  Result finish() &&;

 private:
  struct Row {
    double time;
    std::uint32_t session;
    std::uint32_t user;
  };
  /// Rows that belong together before they are cut.
  struct Group {
    std::uint32_t session = NameTable::kNone;  // of a named session
    std::uint32_t user = NameTable::kNone;
    bool is_history = false;
    std::size_t rows = 0;
    bool timed = true;
  };

  std::vector<std::uint32_t> assign_groups();
  void cut(const Group& group, std::size_t begin, Result& result) const;
  void sort_sequences(Result& result) const;
  std::string key(const Group& group, std::size_t piece) const;

  SequenceOptions options_;
  std::vector<Row> rows_;
  NameTable sessions_;
  NameTable users_;
  std::vector<std::uint32_t> session_users_;  // by session: its user, kNone, or kSeveral
  std::vector<Group> groups_;
};

}  // namespace segue::index
