#include "net/tls_context.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <openssl/core_names.h>
#include <openssl/rand.h>
#include <vector>

#include "base/assert.h"
#include "net/limits.h"
#include "net/openssl.h"

namespace parley::net::tls {
namespace {

// TLS 1.2: forward secrecy and authenticated encryption only. Those of TLS 1.3 are all sane. The
// client chooses among them: a radio without AES in hardware prefers ChaCha20.
constexpr const char* ciphers_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20";

// As ALPN writes it: each name behind its length.
constexpr std::array<unsigned char, 9> http_1_1{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

struct Named {
    std::string name;
    CertificateHandle leaf;
    ChainHandle chain;
    KeyHandle key;
};

/// What the callbacks of one SSL_CTX look at; it dies with it.
struct Attached {
    TicketKeys* tickets = nullptr;
    std::vector<Named> named;  // exact names before wildcards
};

// The signatures of these are OpenSSL's.
// NOLINTNEXTLINE(readability-function-size)
void free_attached(void*, void* object, CRYPTO_EX_DATA*, int, long, void*) {
    delete static_cast<Attached*>(object);
}

int attached_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_attached);
    return index;
}

Attached& attached_to(SSL* ssl) {
    return *static_cast<Attached*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), attached_index()));
}

// All certificates of one name: one may be ECDSA and one RSA, and the client says what it can. Of
// two of a kind the first counts. None of another name may stay, or the client could be shown that.
bool use_all_of(SSL* ssl, const std::vector<Named>& named, const std::string& name) {
    SSL_certs_clear(ssl);
    for (auto each = named.rbegin(); each != named.rend(); ++each) {
        if (each->name != name) continue;
        if (SSL_use_cert_and_key(ssl, each->leaf.get(), each->key.get(), each->chain.get(), 1) != 1)
            return false;
    }
    return true;
}

int on_server_name(SSL* ssl, int*, void*) {
    const char* text = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (text == nullptr) return SSL_TLSEXT_ERR_NOACK;
    std::string host{text};
    std::ranges::transform(host, host.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const std::vector<Named>& named = attached_to(ssl).named;
    const auto found =
        std::ranges::find_if(named, [&host](const Named& each) { return covers(each.name, host); });
    if (found == named.end()) return SSL_TLSEXT_ERR_NOACK;  // the client judges the first one
    return use_all_of(ssl, named, found->name) ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// NOLINTNEXTLINE(readability-function-size)
int on_alpn(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
            const unsigned char* offered, unsigned offered_size, void*) {
    unsigned char* found = nullptr;
    if (SSL_select_next_proto(&found, chosen_size, http_1_1.data(), http_1_1.size(), offered,
                              offered_size) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;  // no_application_protocol: h2 alone is not spoken here
    }
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

Instant monotonic_now() {
    return Instant{
        std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

bool use_key(const TicketKey& key, EVP_MAC_CTX* mac) {
    std::array<char, 7> digest{"SHA256"};
    auto* secret = const_cast<unsigned char*>(key.mac.data());  // only read
    const std::array<OSSL_PARAM, 3> parameters{
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, secret, key.mac.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(mac, parameters.data()) == 1;
}

constexpr int ticket_failed = -1;
constexpr int ticket_unknown = 0;
constexpr int ticket_good = 1;
constexpr int ticket_good_renew = 2;

// NOLINTNEXTLINE(readability-function-size)
int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
              EVP_MAC_CTX* mac, int sealing) {
    TicketKeys& keys = *attached_to(ssl).tickets;
    if (sealing != 0) {
        const TicketKey key = keys.sealing(monotonic_now());
        std::ranges::copy(key.name, name);
        const bool ready =
            RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1 &&
            EVP_EncryptInit_ex2(cipher, EVP_aes_256_cbc(), key.cipher.data(), iv, nullptr) == 1 &&
            use_key(key, mac);
        return ready ? ticket_good : ticket_failed;
    }
    const auto found = keys.opening(std::span<const unsigned char, 16>{name, 16}, monotonic_now());
    if (!found) return ticket_unknown;
    const bool ready = EVP_DecryptInit_ex2(cipher, EVP_aes_256_cbc(), found->key.cipher.data(), iv,
                                           nullptr) == 1 &&
                       use_key(found->key, mac);
    if (!ready) return ticket_failed;
    return found->is_old ? ticket_good_renew : ticket_good;
}

bool set_common(SSL_CTX* context) {
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    // An idle connection keeps no record buffers: 33 KiB each.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, ciphers_1_2) == 1;
}

bool use(SSL_CTX* context, const Certificate& certificate) {
    return SSL_CTX_use_cert_and_key(context, certificate.leaf(), certificate.key(),
                                    static_cast<STACK_OF(X509)*>(certificate.chain()), 1) == 1;
}

void attach(SSL_CTX* context, Context::Certificates certificates, TicketKeys& tickets) {
    auto attached = std::make_unique<Attached>();
    attached->tickets = &tickets;
    for (const auto& each : certificates) {
        for (const std::string& name : each->names()) {
            X509_up_ref(each->leaf());
            EVP_PKEY_up_ref(each->key());
            attached->named.push_back({.name = name,
                                       .leaf = CertificateHandle{each->leaf()},
                                       .chain = ChainHandle{X509_chain_up_ref(
                                           static_cast<STACK_OF(X509)*>(each->chain()))},
                                       .key = KeyHandle{each->key()}});
        }
    }
    // Not of std::ranges: clang 14, which builds the fuzz targets, cannot read its answer.
    std::stable_partition(attached->named.begin(), attached->named.end(),
                          [](const Named& each) { return !each.name.starts_with("*."); });
    PARLEY_ASSERT(SSL_CTX_set_ex_data(context, attached_index(), attached.release()) == 1);
}

void set_tickets(SSL_CTX* context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets alone
    constexpr std::array<unsigned char, 6> id{'p', 'a', 'r', 'l', 'e', 'y'};
    SSL_CTX_set_session_id_context(context, id.data(), id.size());
    SSL_CTX_set_num_tickets(context, 1);  // a radio comes back over one connection
    SSL_CTX_set_timeout(context,
                        std::chrono::duration_cast<std::chrono::seconds>(ticket_key_life).count());
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
}

}  // namespace

Context::~Context() {
    SSL_CTX_free(context_);
}

Context Context::share() const noexcept {
    SSL_CTX_up_ref(context_);
    return Context{context_};
}

Context Context::server(Certificates certificates, TicketKeys& tickets, std::string& error) {
    PARLEY_ASSERT(!certificates.empty());
    ERR_clear_error();
    Context made{SSL_CTX_new(TLS_server_method())};
    if (!made || !set_common(made.get())) {
        error = "OpenSSL refuses to start: " + last_reason();
        return {};
    }
    for (const auto& each : certificates) {
        // Tried on its own: in one context an RSA and an ECDSA certificate would stand side by
        // side.
        const Context trial{SSL_CTX_new(TLS_server_method())};
        if (use(trial.get(), *each)) continue;
        error = "OpenSSL refuses the certificate with SHA-256 " + each->fingerprint() + " (" +
                last_reason() + "): make one with an ECDSA P-256 or an RSA 2048 key";
        return {};
    }
    PARLEY_ASSERT(use(made.get(), *certificates.front()));
    attach(made.get(), certificates, tickets);
    set_tickets(made.get());
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"  // OpenSSL's macro
    SSL_CTX_set_tlsext_servername_callback(made.get(), on_server_name);
#pragma GCC diagnostic pop
    SSL_CTX_set_alpn_select_cb(made.get(), on_alpn, nullptr);
    return made;
}

Context Context::client(const Trust& trust, std::string& error) {
    ERR_clear_error();
    Context made{SSL_CTX_new(TLS_client_method())};
    if (!made || !set_common(made.get()) ||
        SSL_CTX_set_alpn_protos(made.get(), http_1_1.data(), http_1_1.size()) != 0) {
        error = "OpenSSL refuses to start: " + last_reason();
        return {};
    }
    if (trust.anybody) return made;
    SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER, nullptr);
    if (trust.ca_file.empty()) {
        SSL_CTX_set_default_verify_paths(made.get());
    } else if (SSL_CTX_load_verify_file(made.get(), trust.ca_file.c_str()) != 1) {
        error = "cannot use '" + trust.ca_file + "' as certificates to trust: " + last_reason();
        return {};
    }
    return made;
}

}  // namespace parley::net::tls
