-- Of deleted webhooks, which take these along since.
delete from subscriptions where subscription_id in (select id from webhooks where deleted_at is not null);
delete from subscription_cursors where subscription_id in (select id from webhooks where deleted_at is not null);
delete from webhook_deliveries where webhook_id in (select id from webhooks where deleted_at is not null);
