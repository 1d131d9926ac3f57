//! What other scanners' rules are called here. Facts, for the rules that configurations name; `*` stands
//! for any part of an id.

/// Our names for the rule `id` of gitleaks or betterleaks.
pub(super) fn ours(id: &str) -> Vec<String> {
    named(GITLEAKS, &id.to_ascii_lowercase())
}

/// Our names for what detect-secrets calls `kind`.
pub(super) fn of_detect_secrets(kind: &str) -> Vec<String> {
    named(DETECT_SECRETS, kind)
}

fn named(table: &[(&str, &str)], name: &str) -> Vec<String> {
    let entry = table.iter().find(|(theirs, _)| *theirs == name);
    entry.map(|(_, ours)| ours.split(' ').map(str::to_owned).collect()).unwrap_or_default()
}

/// The ids of https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml.
const GITLEAKS: &[(&str, &str)] = &[
    ("1password-secret-key", "onepassword-secret-key"),
    ("1password-service-account-token", "onepassword-service-account-token"),
    ("airtable-api-key", "airtable-*"),
    ("algolia-api-key", "algolia-*"),
    ("anthropic-admin-api-key", "anthropic-admin-key"),
    ("anthropic-api-key", "anthropic-api-key"),
    ("asana-client-secret", "asana-client-secret"),
    ("atlassian-api-token", "atlassian-*"),
    ("aws-access-token", "aws-access-key-id aws-temporary-access-key-id"),
    ("azure-ad-client-secret", "azure-entra-client-secret"),
    ("bitbucket-client-secret", "bitbucket-consumer-secret"),
    ("clickhouse-cloud-api-secret-key", "clickhouse-api-secret"),
    ("clojars-api-token", "clojars-deploy-token"),
    ("cloudflare-api-key", "cloudflare-*"),
    ("cloudflare-global-api-key", "cloudflare-global-api-key"),
    ("cloudflare-origin-ca-key", "cloudflare-origin-ca-key"),
    ("cohere-api-token", "cohere-api-key"),
    ("curl-auth-header", "generic-bearer-token generic-basic-auth"),
    ("curl-auth-user", "generic-curl-user"),
    ("databricks-api-token", "databricks-personal-access-token"),
    ("datadog-access-token", "datadog-*"),
    ("digitalocean-access-token", "digitalocean-oauth-access-token"),
    ("digitalocean-pat", "digitalocean-personal-access-token"),
    ("digitalocean-refresh-token", "digitalocean-oauth-refresh-token"),
    ("discord-api-token", "discord-bot-token"),
    ("discord-client-secret", "discord-client-secret"),
    ("doppler-api-token", "doppler-*"),
    ("dropbox-long-lived-api-token", "dropbox-long-lived-token"),
    ("dropbox-short-lived-api-token", "dropbox-short-lived-token"),
    ("dynatrace-api-token", "dynatrace-token"),
    ("easypost-api-token", "easypost-production-api-key"),
    ("easypost-test-api-token", "easypost-test-api-key"),
    ("facebook-access-token", "facebook-access-token facebook-app-access-token"),
    ("facebook-secret", "facebook-app-secret"),
    ("fastly-api-token", "fastly-api-token"),
    ("flyio-access-token", "flyio-*"),
    ("gcp-api-key", "google-api-key"),
    ("generic-api-key", "generic-* password-assignment"),
    ("github-app-token", "github-user-to-server-token github-server-to-server-*"),
    ("github-fine-grained-pat", "github-fine-grained-token"),
    ("github-oauth", "github-oauth-token"),
    ("github-pat", "github-personal-access-token"),
    ("github-refresh-token", "github-refresh-token"),
    ("gitlab-cicd-job-token", "gitlab-ci-job-token"),
    ("gitlab-deploy-token", "gitlab-deploy-token"),
    ("gitlab-feature-flag-client-token", "gitlab-feature-flag-token"),
    ("gitlab-feed-token", "gitlab-feed-token"),
    ("gitlab-incoming-mail-token", "gitlab-incoming-mail-token"),
    ("gitlab-kubernetes-agent-token", "gitlab-agent-token"),
    ("gitlab-oauth-app-secret", "gitlab-oauth-application-secret"),
    ("gitlab-pat", "gitlab-personal-access-token"),
    ("gitlab-pat-routable", "gitlab-personal-access-token"),
    ("gitlab-ptt", "gitlab-trigger-token"),
    ("gitlab-rrt", "gitlab-runner-registration-token"),
    ("gitlab-runner-authentication-token", "gitlab-runner-token"),
    ("gitlab-scim-token", "gitlab-scim-token"),
    ("gitlab-session-cookie", "gitlab-session-cookie"),
    ("grafana-api-key", "grafana-api-key"),
    ("grafana-cloud-api-token", "grafana-cloud-access-policy-token"),
    ("grafana-service-account-token", "grafana-service-account-token"),
    ("hashicorp-tf-api-token", "hashicorp-terraform-token"),
    ("hashicorp-tf-password", "password-assignment"),
    ("heroku-api-key", "heroku-api-key-uuid"),
    ("heroku-api-key-v2", "heroku-api-key"),
    ("huggingface-access-token", "huggingface-user-token"),
    ("huggingface-organization-api-token", "huggingface-organization-token"),
    ("infracost-api-token", "infracost-api-*"),
    ("intercom-api-key", "intercom-access-token"),
    ("jfrog-api-key", "jfrog-api-key"),
    ("jwt", "jwt-token"),
    ("jwt-base64", "jwt-token"),
    ("launchdarkly-access-token", "launchdarkly-*"),
    ("linear-api-key", "linear-api-key"),
    ("linear-client-secret", "linear-client-secret"),
    ("lob-api-key", "lob-live-secret-key lob-test-secret-key"),
    ("mailchimp-api-key", "mailchimp-api-key"),
    ("mailgun-private-api-token", "mailgun-api-key"),
    ("mailgun-signing-key", "mailgun-webhook-signing-key"),
    ("mattermost-access-token", "mattermost-access-token"),
    ("messagebird-api-token", "messagebird-*"),
    ("microsoft-teams-webhook", "microsoft-teams-incoming-webhook"),
    ("netlify-access-token", "netlify-*"),
    ("new-relic-insert-key", "newrelic-insert-key"),
    ("new-relic-user-api-key", "newrelic-user-key"),
    ("notion-api-token", "notion-token notion-legacy-token"),
    ("npm-access-token", "npm-access-token"),
    ("okta-access-token", "okta-api-token"),
    ("openai-api-key", "openai-*"),
    ("perplexity-api-key", "perplexity-api-key"),
    ("plaid-api-token", "plaid-production-access-token plaid-sandbox-access-token"),
    ("plaid-client-id", "plaid-client-id"),
    ("plaid-secret-key", "plaid-secret"),
    ("planetscale-api-token", "planetscale-service-token"),
    ("planetscale-oauth-token", "planetscale-oauth-token"),
    ("planetscale-password", "planetscale-password"),
    ("postman-api-token", "postman-api-key"),
    ("private-key", "private-key-*"),
    ("pulumi-api-token", "pulumi-access-token"),
    ("pypi-upload-token", "pypi-*"),
    ("rubygems-api-token", "rubygems-api-key"),
    ("sendgrid-api-token", "sendgrid-api-key"),
    ("sentry-access-token", "sentry-legacy-token"),
    ("sentry-org-token", "sentry-organization-token"),
    ("sentry-user-token", "sentry-user-token"),
    ("shopify-access-token", "shopify-access-token"),
    ("shopify-custom-access-token", "shopify-custom-app-token"),
    ("shopify-private-app-access-token", "shopify-private-app-password"),
    ("shopify-shared-secret", "shopify-app-secret"),
    ("slack-app-token", "slack-app-token"),
    ("slack-bot-token", "slack-bot-token"),
    ("slack-config-access-token", "slack-expiring-token"),
    ("slack-config-refresh-token", "slack-refresh-token"),
    ("slack-legacy-workspace-token", "slack-workspace-token"),
    ("slack-user-token", "slack-user-token"),
    ("slack-webhook-url", "slack-webhook-url slack-workflow-webhook-url"),
    ("snyk-api-token", "snyk-api-token"),
    ("sourcegraph-access-token", "sourcegraph-access-token"),
    ("square-access-token", "square-access-token"),
    ("stripe-access-token", "stripe-live-* stripe-test-*"),
    ("sumologic-access-token", "sumo-logic-access-key"),
    ("telegram-bot-api-token", "telegram-bot-token"),
    ("twilio-api-key", "twilio-api-key-*"),
    ("twitch-api-token", "twitch-access-token"),
    ("typeform-api-token", "typeform-personal-token"),
    ("vault-batch-token", "hashicorp-vault-batch-token"),
    ("vault-service-token", "hashicorp-vault-service-token"),
    ("yandex-api-key", "yandex-cloud-api-key"),
    ("zendesk-secret-key", "zendesk-*"),
];

/// The types in https://github.com/Yelp/detect-secrets/tree/master/detect_secrets/plugins.
const DETECT_SECRETS: &[(&str, &str)] = &[
    ("AWS Access Key", "aws-*"),
    ("Azure Storage Account access key", "azure-storage-account-key"),
    ("Base64 High Entropy String", "generic-*"),
    ("Basic Auth Credentials", "connection-url-*"),
    ("Cloudant Credentials", "connection-url-*"),
    ("Discord Bot Token", "discord-bot-token"),
    ("GitHub Token", "github-*"),
    ("GitLab Token", "gitlab-*"),
    ("Hex High Entropy String", "generic-*"),
    ("JSON Web Token", "jwt-token"),
    ("Mailchimp Access Key", "mailchimp-*"),
    ("NPM tokens", "npm-*"),
    ("OpenAI Token", "openai-*"),
    ("Private Key", "private-key-*"),
    ("PyPI Token", "pypi-*"),
    ("Secret Keyword", "generic-* password-assignment connection-string-password"),
    ("SendGrid API Key", "sendgrid-*"),
    ("Slack Token", "slack-*"),
    ("Square OAuth Secret", "square-*"),
    ("Stripe Access Key", "stripe-*"),
    ("Telegram Bot Token", "telegram-*"),
    ("Twilio API Key", "twilio-*"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::names;

    #[test]
    fn every_name_on_our_side_is_a_rule() {
        let catalogue = crate::rule::load::builtin();
        for (theirs, ours) in GITLEAKS.iter().chain(DETECT_SECRETS) {
            for name in ours.split(' ') {
                let known = catalogue.rules.iter().any(|r| names(name, &r.id));
                assert!(known, "{theirs}: `{name}` names no rule");
            }
        }
    }

    #[test]
    fn each_name_stands_once() {
        for table in [GITLEAKS, DETECT_SECRETS] {
            assert!(table.is_sorted_by(|a, b| a.0 < b.0));
        }
    }
}
