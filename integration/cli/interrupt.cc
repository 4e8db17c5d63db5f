#include "integration/cli/interrupt.h"

#include <array>
#include <atomic>
#include <csignal>

namespace segue::integration {
namespace {

constexpr std::array<int, 2> kSignals{SIGINT, SIGTERM};

std::atomic<bool> stop_requested{false};  // lock-free, so a handler may set it
static_assert(std::atomic<bool>::is_always_lock_free);

std::array<struct sigaction, kSignals.size()> handlers_before;

extern "C" void request_stop(int) {
  stop_requested.store(true, std::memory_order_relaxed);
}

}  // namespace

InterruptScope::InterruptScope() {
  stop_requested.store(false, std::memory_order_relaxed);
  struct sigaction action {};
  action.sa_handler = request_stop;
  // The handler serves once: the second signal meets the default, which kills.
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &action, &handlers_before[i]);
}

InterruptScope::~InterruptScope() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &handlers_before[i], nullptr);
}

bool InterruptScope::requested() noexcept {
  return stop_requested.load(std::memory_order_relaxed);
}

}  // namespace segue::integration
