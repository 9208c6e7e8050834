// Fuzzing tokens and keys: whatever comes in, who comes out has a usable name, and nobody does
// without a signature. The first byte chooses what the rest is: a token as it is, a payload or
// header and payload that are then signed, a public key, or what the headers of a request say.
#include <string>

#include "base/assert.h"
#include "fuzz/choices.h"
#include "session/auth_keys.h"
#include "session/credentials.h"
#include "session/jwt_tokens.h"
#include "store/limits.h"

using namespace parley;
using namespace parley::session;

namespace {

void judge(std::string_view token) {
    Verdict verdict = tokens::judge(token);
    if (!verdict) {
        PARLEY_ASSERT(!text(verdict.refusal()).empty() && !http_body(verdict.refusal()).empty());
        return;
    }
    const Identity& identity = verdict.identity();
    PARLEY_ASSERT(usable_name(identity.user));
    PARLEY_ASSERT(identity.groups.size() <= store::groups_per_user_max);
    PARLEY_ASSERT(identity.groups_given || identity.groups.empty());
    for (const std::string& group : identity.groups)
        PARLEY_ASSERT(usable_name(group));
}

void judge_both_keys(std::string_view token) {
    judge(token);
    static const tokens::Signer signer;
    // Nobody signs for this key here.
    PARLEY_ASSERT(
        !verify_jwt(token, signer.public_key, tokens::now, {.leeway = jwt_leeway_default}));
}

bool is_within(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size());
}

void look_for_credentials(std::string_view input) {
    const std::string_view other = input.substr(0, input.find('\n'));
    const Credentials found = find_credentials({.protocols = input, .authorization = other});
    PARLEY_ASSERT(is_within(found.token, input) && is_within(found.device, input));
    PARLEY_ASSERT(is_within(found.subprotocol, input));
    PARLEY_ASSERT(found.has_subprotocol || found.subprotocol.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto input = fuzz::bytes_of(data, size);
    const unsigned choice = fuzz::take_choice(input);
    const std::string_view text{reinterpret_cast<const char*>(input.data()), input.size()};
    const std::size_t cut = text.find('\n');
    switch (choice % 5) {
        case 0:
            judge_both_keys(text);
            break;
        case 1:
            judge(tokens::with_claims(text));
            break;
        case 2:
            if (cut == std::string_view::npos) break;
            judge_both_keys(tokens::signed_token(text.substr(0, cut), text.substr(cut + 1)));
            break;
        case 3:
            static_cast<void>(parse_public_key(text));
            break;
        default:
            look_for_credentials(text);
    }
    return 0;
}
