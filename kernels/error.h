#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace segue {

/// What went wrong, in the words of the exit status that a command ends with (docs/errors.md).
enum class ErrorKind {
  kUsage = 1,          ///< the command line or the call itself
  kBadInput = 2,       ///< a file, line or value given by the user
  kDamagedStore = 3,   ///< a snapshot whose bytes are not what its manifest says, or of a newer format
  kResource = 4,       ///< disk, memory, device, or a lock that another process holds
  kGateRefused = 5,    ///< a new snapshot that is worse than what it would replace
  kInterrupted = 130,  ///< the user stopped it; nothing was changed
};

/// The one exception of the project: what happened, where, and how to mend it.
///
/// Vendor exceptions are translated to it in the file that calls the vendor. A programmer's mistake, such as
/// a shape that does not fit, is std::invalid_argument instead. Text typed by users never throws.
class Error : public std::runtime_error {
 public:
  /// `what` is a full clause without a full stop; `where` names a file and line, a key or an option and may
  /// be empty; `mend` says what to do and may be empty.
  Error(ErrorKind kind, std::string_view what, std::string_view where = {}, std::string_view mend = {})
      : std::runtime_error(compose(what, where, mend)), kind_(kind), where_(where), mend_(mend) {}

  ErrorKind kind() const noexcept { return kind_; }
  int exit_status() const noexcept { return static_cast<int>(kind_); }
  const std::string& where() const noexcept { return where_; }
  const std::string& mend() const noexcept { return mend_; }

 private:
  static std::string compose(std::string_view what, std::string_view where, std::string_view mend) {
    std::string text;
    if (!where.empty()) text.append(where).append(": ");
    text.append(what);
    if (!mend.empty()) text.append("; ").append(mend);
    return text;
  }

  ErrorKind kind_;
  std::string where_;
  std::string mend_;
};

}  // namespace segue
