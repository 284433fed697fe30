"""What is wrong with data before anything is learned from it: `audit.audit` finds it, in sentences with examples."""
