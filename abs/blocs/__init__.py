"""Ce dont un document est fait, en données simples."""
