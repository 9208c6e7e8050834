// Fuzzing offers of extensions: what is agreed on can be kept, and saying it again gives the same.
// The first byte chooses the policy.
#include <string_view>

#include "base/assert.h"
#include "fuzz/choices.h"
#include "ws/extensions.h"

using namespace parley;

namespace {

/// That an answer says no more than the offer allows is for the unit tests; that it can be kept is
/// so for every offer.
void check_terms(const ws::DeflateTerms& terms, ws::Deflate policy) {
    PARLEY_ASSERT(policy != ws::Deflate::off);
    PARLEY_ASSERT(terms.send_window_bits >= ws::window_bits_min);
    PARLEY_ASSERT(terms.send_window_bits <= ws::window_bits_max);
    PARLEY_ASSERT(terms.receive_window_bits >= 8);
    PARLEY_ASSERT(terms.receive_window_bits <= ws::window_bits_max);
    const bool keeps = terms.send_takeover || terms.receive_takeover;
    PARLEY_ASSERT(!keeps || policy == ws::Deflate::takeover);
    PARLEY_ASSERT(!terms.send_takeover || terms.send_window_bits <= ws::takeover_window_bits);
    // What the answer does not name is the largest window.
    PARLEY_ASSERT(terms.names_send_window || terms.send_window_bits == ws::window_bits_max);
    PARLEY_ASSERT(terms.names_receive_window || terms.receive_window_bits == ws::window_bits_max);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto input = fuzz::bytes_of(data, size);
    const auto policy = static_cast<ws::Deflate>(fuzz::take_choice(input) % 3);
    const std::string_view value{reinterpret_cast<const char*>(input.data()), input.size()};
    const auto terms = ws::accept_offer(value, policy);
    if (!terms) return 0;
    check_terms(*terms, policy);
    // The answer, offered again, is accepted without a change.
    const auto again = ws::accept_offer(ws::extension_answer(*terms), policy);
    PARLEY_ASSERT(again == terms);
    return 0;
}
