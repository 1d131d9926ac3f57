//! The credentials of the documented providers: how they are named and sent, and how a value is drawn.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::template::Template;

pub(crate) struct Credential {
    pub(crate) title: &'static str,
    /// Any of these may report it.
    pub(crate) rules: &'static [&'static str],
    /// The words of its name.
    pub(crate) name: &'static str,
    /// Header and scheme.
    pub(crate) header: (&'static str, &'static str),
    pub(crate) host: &'static str,
    /// Its name in a query, in a form, and under the provider's own name.
    pub(crate) param: &'static str,
    /// The sorts of template it can stand in.
    places: &'static [&'static str],
    shapes: &'static [Shape],
}

/// How a value is drawn.
enum Shape {
    /// Prefix, alphabet, length.
    Of(&'static str, Alphabet, usize),
    /// Prefix, then 8-4-4-4-12 hex digits.
    Uuid(&'static str),
    /// With claims and a signature of HS256's length.
    Jwt,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    Hex,
    Base62,
    Base64Url,
    /// With `=` at its end.
    Base64,
}

use Alphabet::*;
use Shape::*;

const PLAIN: [&str; 1] = ["name"];

pub(crate) const CREDENTIALS: &[Credential] = &[
    Credential {
        title: "Rocketpunch app key",
        rules: &["rocketpunch-app-key"],
        name: "rocketpunch api key",
        header: ("X-RP-API-Key", ""),
        host: "openapi.rocketpunch.com",
        param: "api_key",
        places: &[
            "name",
            "name-after",
            "header",
            "header-after",
            "headerword",
            "query",
            "alone",
            "nested",
            "nearhost",
        ],
        shapes: &[Of("rp_app_", Base62, 16), Of("rp_app_", Base62, 32), Of("rp_app_", Hex, 40)],
    },
    Credential {
        title: "Rocketpunch client secret",
        rules: &["rocketpunch-client-secret"],
        name: "rocketpunch client secret",
        header: ("", ""),
        host: "openapi.rocketpunch.com",
        param: "client_secret",
        places: &["name", "query", "nested"],
        shapes: &[Of("", Base62, 32), Of("", Hex, 64), Of("", Base64Url, 43), Of("", Base64, 44)],
    },
    Credential {
        title: "Rocketpunch access token",
        rules: &["rocketpunch-access-token"],
        name: "rocketpunch access token",
        header: ("Authorization", "Bearer "),
        host: "openapi.rocketpunch.com",
        param: "access_token",
        places: &["name", "header", "header-after", "bearer", "bearertoken", "query", "nested"],
        shapes: &[Of("", Base62, 40), Of("", Hex, 40), Of("", Base64Url, 64), Of("", Base62, 24)],
    },
    Credential {
        title: "Rocketpunch refresh token",
        rules: &["rocketpunch-access-token"],
        name: "rocketpunch refresh token",
        header: ("", ""),
        host: "openapi.rocketpunch.com",
        param: "refresh_token",
        places: &["name", "query", "nested"],
        shapes: &[Of("", Base62, 40), Of("", Base64Url, 64)],
    },
    Credential {
        title: "RequestRocket user token",
        rules: &["requestrocket-user-token"],
        name: "requestrocket user token",
        header: ("Authorization", ""),
        host: "api.requestrocket.com",
        param: "token",
        places: &[
            "name",
            "name-after",
            "header",
            "header-after",
            "headerword",
            "query",
            "nearhost",
            "nested",
        ],
        shapes: &[Of("u-", Base62, 24), Uuid("u-"), Of("u-", Hex, 32), Of("u-", Base62, 40)],
    },
    Credential {
        title: "live key",
        rules: &["generic-live-key"],
        name: "acme api key",
        header: ("Authorization", "Bearer "),
        host: "api.acme.test",
        param: "api_key",
        places: &PREFIXED,
        shapes: &[
            Of("sk_live_", Base62, 32),
            Of("sk_live_", Base64Url, 43),
            Of("sk_live_", Hex, 48),
        ],
    },
    Credential {
        title: "test key",
        rules: &["generic-test-key"],
        name: "acme api key",
        header: ("X-API-Key", ""),
        host: "sandbox.acme.test",
        param: "key",
        places: &PREFIXED,
        shapes: &[
            Of("sk_test_", Base62, 32),
            Of("sk_test_", Base64Url, 43),
            Of("sk_test_", Hex, 48),
        ],
    },
    Credential {
        title: "restricted key",
        rules: &["generic-restricted-key"],
        name: "acme api key",
        header: ("Authorization", "Bearer "),
        host: "api.acme.test",
        param: "api_key",
        places: &PREFIXED,
        shapes: &[Of("rk_", Base62, 24), Of("rk_", Hex, 40), Of("rk_", Base62, 48)],
    },
    Credential {
        title: "<PRODUCT>_API_KEY",
        rules: &["generic-secret"],
        name: "acme api key",
        header: ("X-API-Key", ""),
        host: "api.acme.test",
        param: "api_key",
        places: &["name", "header", "headerword", "query", "nested", "npmrc"],
        shapes: &[Of("", Base62, 32), Of("", Hex, 40), Of("", Base64Url, 43), Of("", Base62, 20)],
    },
    Credential {
        title: "API key as Bearer",
        rules: &["generic-bearer-token", "generic-secret"],
        name: "acme token",
        header: ("Authorization", "Bearer "),
        host: "api.acme.test",
        param: "token",
        places: &["name", "header", "header-after", "bearer", "bearertoken", "query", "nested"],
        shapes: &[Of("", Base62, 32), Of("", Hex, 40), Of("", Base64Url, 43), Of("", Base62, 20)],
    },
    Credential {
        title: "<PRODUCT>_CLIENT_SECRET",
        rules: &["generic-secret", "generic-curl-user"],
        name: "acme client secret",
        header: ("", ""),
        host: "auth.acme.test",
        param: "client_secret",
        places: &["name", "query", "nested", "basic"],
        shapes: &[Of("", Base62, 32), Of("", Hex, 64), Of("", Base64Url, 43), Of("", Base64, 44)],
    },
    Credential {
        title: "OAuth client secret",
        rules: &["generic-secret"],
        name: "client secret",
        header: ("", ""),
        host: "auth.acme.test",
        param: "client_secret",
        places: &PLAIN,
        shapes: &[Of("", Base62, 40), Of("", Hex, 32), Of("", Base64Url, 43), Of("", Base64, 44)],
    },
    Credential {
        title: "refresh token",
        rules: &["generic-secret"],
        name: "refresh token",
        header: ("", ""),
        host: "auth.acme.test",
        param: "refresh_token",
        places: &["name", "query", "nested"],
        shapes: &[Of("", Base62, 40), Of("", Hex, 64), Of("", Base64Url, 86), Of("", Base62, 24)],
    },
    Credential {
        title: "HS256 JWT",
        rules: &["jwt-token"],
        name: "acme access token",
        header: ("Authorization", "Bearer "),
        host: "api.acme.test",
        param: "access_token",
        places: &PREFIXED,
        shapes: &[Jwt],
    },
    Credential {
        title: "secret that signs JWTs",
        rules: &["generic-secret", "jwt-signing-secret"],
        name: "jwt secret",
        header: ("", ""),
        host: "api.acme.test",
        param: "",
        places: &["name", "sign"],
        shapes: &[Of("", Base62, 32), Of("", Hex, 64), Of("", Base64Url, 43), Of("", Base64, 44)],
    },
    Credential {
        title: "JobsPipe key",
        rules: &["jobspipe-api-key"],
        name: "jobspipe api key",
        header: ("Authorization", "Bearer "),
        host: "api.jobspipe.dev",
        param: "api_key",
        places: &PREFIXED,
        shapes: &[
            Of("jp_live_", Base62, 24),
            Of("jp_live_", Base64Url, 43),
            Of("jp_live_", Hex, 32),
        ],
    },
    Credential {
        title: "JobsPipe key in x-api-key",
        rules: &["jobspipe-api-key"],
        name: "jobspipe key",
        header: ("x-api-key", ""),
        host: "api.jobspipe.dev",
        param: "key",
        places: &["header", "header-after", "headerword"],
        shapes: &[Of("jp_live_", Base62, 24), Of("jp_live_", Hex, 40)],
    },
    Credential {
        title: "HirePanda workspace key",
        rules: &["hirepanda-api-key"],
        name: "hirepanda api key",
        header: ("Authorization", "Bearer "),
        host: "api.hirepanda.com",
        param: "api_key",
        places: &["name", "header", "header-after", "bearer", "bearertoken", "query", "nested"],
        shapes: &[Of("", Base62, 32), Of("", Hex, 40), Of("", Base64Url, 43), Uuid("")],
    },
];

const PREFIXED: [&str; 11] = [
    "name",
    "name-after",
    "header",
    "header-after",
    "bearer",
    "bearertoken",
    "query",
    "alone",
    "nested",
    "nearhost",
    "npmrc",
];

impl Credential {
    pub(crate) fn takes(&self, template: &Template) -> bool {
        let place = template.place.as_str();
        // A word of its own after a header's name has no room for a scheme.
        self.places.contains(&place)
            && (place != "headerword" || self.header.1.is_empty())
            && (!place.starts_with("bearer") || self.header.1.starts_with("Bearer"))
    }

    /// The value number `seed`. A query has no room for `+` and `=`.
    pub(crate) fn value(&self, seed: u64, template: &Template) -> String {
        let mut rng = Rng::new(self.title, seed);
        let shapes: Vec<&Shape> = self
            .shapes
            .iter()
            .filter(|s| template.place != "query" || !matches!(s, Of(_, Base64, _)))
            .collect();
        match shapes[seed as usize % shapes.len()] {
            Of(prefix, alphabet, length) => format!("{prefix}{}", rng.text(*alphabet, *length)),
            Uuid(prefix) => {
                let part = |rng: &mut Rng, n| rng.text(Hex, n);
                let parts = [8, 4, 4, 4, 12].map(|n| part(&mut rng, n));
                format!("{prefix}{}", parts.join("-"))
            }
            Jwt => rng.jwt(),
        }
    }

    /// What stands in its place in documentation.
    pub(crate) fn placeholders(&self) -> Vec<String> {
        const WHOLE: &[&str] = &[
            "YOUR_API_KEY",
            "[YOUR_API_KEY]",
            "<YOUR_API_KEY>",
            "your_api_key_here",
            "your-token",
            "${API_KEY}",
            "$API_KEY",
            "$(cat /run/secrets/api_key)",
            "{{ api_key }}",
            "{{API_KEY}}",
            "${{ secrets.API_KEY }}",
            "%API_KEY%",
            "#{ENV['API_KEY']}",
            "<%= ENV['API_KEY'] %>",
            "process.env.ACME_API_KEY",
            "os.environ.get",
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX",
            "********************************",
            "...",
            "0000000000000000000000000000000000000000",
            "1234567890abcdef1234567890abcdef",
            "abcdefghijklmnopqrstuvwxyz123456",
            "0123456789abcdef0123456789abcdef",
            "changeme",
            "REPLACE_ME_WITH_A_REAL_VALUE",
            "<redacted>",
            "[FILTERED]",
            "REDACTED",
            "null",
            "None",
            "example-value-1234567890abcd",
            "insert-your-token-here",
            "my-secret-token-value",
            "ThisIsNotARealSecretKey12345",
            "fake-token-for-unit-tests-0001",
            "TODO",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "demo-key-do-not-use-in-production",
            "vault:secret/data/acme#api_key",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:acme",
            "projects/acme/secrets/api-key/versions/latest",
            "getAuthenticationTokenFromStorage",
            "config.services.acme.accessToken",
            "__API_KEY__",
            "@API_KEY@",
            "PASTE_YOUR_TOKEN_HERE",
            "test_1234567890",
            "12345678-1234-1234-1234-123456789012",
            "00000000-0000-0000-0000-000000000000",
            "deadbeefdeadbeefdeadbeefdeadbeef",
        ];
        const BODIES: &[&str] = &[
            "xxxxxxxxxxxxxxxx",
            "YOUR_KEY_HERE",
            "YOUR_KEY",
            "your-token-here-123456789",
            "...",
            "",
            "XXXXXXXXXXXXXXXXXXXXXXXX",
            "********************",
            "your_api_key_goes_here",
            "<your key>",
            "${KEY}",
            "{{key}}",
            "1234567890abcdef1234",
            "abc123abc123abc123abc123",
            "0000000000000000000000000000",
            "examplekeyexamplekey1234",
            "REDACTED0000000000000",
        ];
        let prefix = match self.shapes[0] {
            Of(prefix, ..) | Uuid(prefix) => prefix,
            Jwt => "eyJhbGciOiJIUzI1NiJ9.",
        };
        let bodies = BODIES.iter().filter(|_| !prefix.is_empty());
        let prefixed = bodies.map(|b| format!("{prefix}{b}"));
        WHOLE.iter().map(|w| (*w).to_owned()).chain(prefixed).collect()
    }
}

/// SplitMix64: the same values on every machine.
struct Rng(u64);

impl Rng {
    fn new(title: &str, seed: u64) -> Self {
        Self(title.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, b| {
            (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn text(&mut self, alphabet: Alphabet, length: usize) -> String {
        const DIGITS: &[u8; 64] =
            b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
        let size = match alphabet {
            Hex => 16,
            Base62 => 62,
            Base64Url | Base64 => 64,
        };
        let mut text: String =
            (0..length).map(|_| char::from(DIGITS[self.next() as usize % size])).collect();
        if alphabet == Base64 {
            text.replace_range(length - 1.., "=");
            return text.replace('-', "+").replace('_', "/");
        }
        text
    }

    fn jwt(&mut self) -> String {
        let claims = format!(
            r#"{{"iss":"https://id.acme.test","sub":"svc-{}","iat":1790000000,"exp":1890000000}}"#,
            self.text(Base62, 8)
        );
        let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let header = part(r#"{"alg":"HS256","typ":"JWT"}"#);
        format!("{header}.{}.{}", part(&claims), self.text(Base64Url, 43))
    }
}
